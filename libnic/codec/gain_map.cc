#include "codec/gain_map.h"

#include <algorithm>

#include "container/compression.h"

namespace nic {
namespace {

constexpr int kZstdLevel = 19;  // a picture has few positions
constexpr int kStepsInLevel = 256;
constexpr int kSteps = 256;    // that an offset may have
constexpr int kMaskUnit = 32;  // an eighth of a level: finer ones cost bytes and show nowhere

Status Malformed(uint64_t offset, const char* what) {
  return Status::Error(NIC_MALFORMED, offset, "gain map: %s", what);
}

// The step above, in the first row the one to the left, 0 for the first of all.
int Predict(const int8_t* steps, size_t i, size_t width) {
  if (i >= width) return steps[i - width];
  return i ? steps[i - 1] : 0;
}

RateIndex Move(const RateIndex& rate, int offset, int levels) {
  const int highest = (levels - 1) * kStepsInLevel;
  const int moved = std::clamp(rate.level * kStepsInLevel + rate.interpolation + offset, 0, highest);
  return {moved / kStepsInLevel, moved % kStepsInLevel};
}

}  // namespace

GainMap MakeGainMap(const RegionMask& mask, int latent_factor, int white_steps, Memory& memory) {
  const auto factor = static_cast<uint32_t>(latent_factor);
  GainMap map;
  map.unit = kMaskUnit;
  map.width = mask.width() / factor + (mask.width() % factor != 0);
  map.height = mask.height() / factor + (mask.height() % factor != 0);
  map.steps = Buffer<int8_t>(memory, static_cast<size_t>(map.width * map.height));
  int8_t* step = map.steps.data();
  for (uint32_t y = 0; y < map.height; ++y) {
    for (uint32_t x = 0; x < map.width; ++x) {
      const uint32_t scaled = mask.Mean(factor, y, x) * static_cast<uint32_t>(white_steps);
      *step++ = static_cast<int8_t>((scaled + RegionMask::kWhite / 2) / RegionMask::kWhite);
    }
  }
  return map;
}

void EncodeGainMap(const GainMap& map, Memory& memory, std::pmr::vector<uint8_t>* payload) {
  Buffer<uint8_t> differences(memory, map.steps.size());
  for (size_t i = 0; i < differences.size(); ++i) {
    differences[i] = static_cast<uint8_t>(map.steps[i] - Predict(map.steps.data(), i, static_cast<size_t>(map.width)));
  }
  payload->push_back(static_cast<uint8_t>(map.unit));
  CompressFrame({differences.data(), differences.size()}, kZstdLevel, true, memory, payload);
}

Status DecodeGainMap(std::span<const uint8_t> payload, int64_t height, int64_t width, Memory& memory, GainMap* map) {
  if (payload.empty()) return Malformed(0, "empty");
  if (payload[0] == 0) return Malformed(0, "unit: 0 is not allowed");
  const std::span<const uint8_t> frame = payload.subspan(1);
  uint64_t size = 0;
  if (!ReadFrameSize(frame, &size) || size != static_cast<uint64_t>(height) * static_cast<uint64_t>(width)) {
    return Malformed(1, "not one zstd frame of a byte for each latent position");
  }
  Buffer<uint8_t> differences(memory, size);
  if (!DecompressFrame(frame, memory, &differences)) return Malformed(1, "the zstd frame is damaged");
  map->unit = payload[0];
  map->width = width;
  map->height = height;
  map->steps = Buffer<int8_t>(memory, size);
  for (size_t i = 0; i < size; ++i) {
    const int step = differences[i] + Predict(map->steps.data(), i, static_cast<size_t>(width));
    map->steps[i] = static_cast<int8_t>(static_cast<uint8_t>(step));
  }
  return {};
}

GainField::GainField(std::span<const LogGain> table, int channels, const RateIndex& rate, const GainMap* map,
                     Memory& memory)
    : channels_(static_cast<size_t>(channels)), map_(map), gains_(&memory), levels_(&memory), slots_(&memory) {
  if (!map) {
    gains_.resize(channels_);
    ComputeGains(table, channels, rate, gains_.data());
    levels_.push_back(NearestLevel(rate));
    return;
  }
  constexpr size_t kUnused = SIZE_MAX;
  const int levels = static_cast<int>(table.size() / channels_);
  slots_.assign(kSteps, kUnused);
  size_t slots = 0;
  for (const int8_t step : map->steps) {
    size_t& slot = slots_[static_cast<size_t>(step + kZeroStep)];
    if (slot == kUnused) slot = slots++;
  }
  gains_.resize(slots * channels_);
  levels_.resize(slots);
  for (int i = 0; i < kSteps; ++i) {
    const size_t slot = slots_[static_cast<size_t>(i)];
    if (slot == kUnused) continue;
    const RateIndex moved = Move(rate, (i - kZeroStep) * map->unit, levels);
    ComputeGains(table, channels, moved, &gains_[slot * channels_]);
    levels_[slot] = NearestLevel(moved);
  }
}

}  // namespace nic
