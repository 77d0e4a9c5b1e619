// A rate for each latent position: offsets that are coded before the latents (format-spec/elements.md, "Gain map"), and
// the gains that follow from them (format-spec/codec.md, "Gain").
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "base/memory.h"
#include "base/status.h"
#include "image/region_mask.h"
#include "model/gain.h"

namespace nic {

// Offsets from the rate in the header, each `unit` times its step, in 1/256 of a level.
struct GainMap {
  int unit = 1;  // 1 .. 255
  int64_t width = 0;
  int64_t height = 0;
  Buffer<int8_t> steps;  // of the latent positions in raster order

  int8_t step(int64_t y, int64_t x) const { return steps[static_cast<size_t>(y * width + x)]; }
};

// The rate rises with the mask's brightness: not at all where it is black, by white_steps / 8 of a level (1 .. 127)
// where it is white. `latent_factor` is the model's; the map fits the mask's picture.
GainMap MakeGainMap(const RegionMask& mask, int latent_factor, int white_steps, Memory& memory);

// Appends the payload of a gain map element.
void EncodeGainMap(const GainMap& map, Memory& memory, std::pmr::vector<uint8_t>* payload);

// Reads a payload for a picture of height x width latent positions. NIC_MALFORMED, with an offset in the payload, for
// one that is not valid. Allocates little more than a byte for each position.
Status DecodeGainMap(std::span<const uint8_t> payload, int64_t height, int64_t width, Memory& memory, GainMap* map);

// The gains of every latent position of a picture. Immutable; may serve several threads at once.
class GainField {
 public:
  // table: logarithms of levels x channels, level outermost. `map` may be null - then all positions have the gains of
  // `rate` - and must outlive the object.
  GainField(std::span<const LogGain> table, int channels, const RateIndex& rate, const GainMap* map, Memory& memory);

  size_t channels() const { return channels_; }
  // One for each channel.
  const Gain* at(int64_t y, int64_t x) const {
    return map_ ? &gains_[SlotOf(y, x) * channels_] : gains_.data();
  }
  // The level that is nearest to the position's rate.
  int level_at(int64_t y, int64_t x) const { return levels_[map_ ? SlotOf(y, x) : 0]; }

 private:
  static constexpr int kZeroStep = 128;
  size_t SlotOf(int64_t y, int64_t x) const { return slots_[static_cast<size_t>(map_->step(y, x) + kZeroStep)]; }

  size_t channels_;
  const GainMap* map_;
  std::pmr::vector<Gain> gains_;    // of the rates that occur
  std::pmr::vector<int> levels_;    // likewise
  std::pmr::vector<size_t> slots_;  // for each step, from -128 on, whose of these it is
};

}  // namespace nic
