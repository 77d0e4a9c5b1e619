// A model: everything that turns latents into pixels and back, as integers (format-spec/model-package.md).
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string>
#include <vector>

#include "base/memory.h"
#include "base/status.h"
#include "entropy/table.h"
#include "intnet/graph.h"
#include "model/gain.h"

namespace nic {

constexpr int kMaxLevels = 16;
constexpr int kMaxPasses = 16;
constexpr int kMaxChannels = 1024;  // latent and hyper-latent channels each
// How many times smaller a preview's sides are.
constexpr int kPreviewScales[] = {8, 16};
constexpr int kPhases = 4;          // of a latent position: 2 * (row & 1) + (column & 1), counted within the slice

constexpr int kDeblockingPeriod = 8;        // pixels from border to border
constexpr int kDeblockingKinds = 2;         // borders between latents; borders inside them
constexpr int kDeblockingWeights = 4 * 8;   // of a window's first half; the second mirrors it
constexpr int kMaxDeblockingThresholds = 7; // of each sort
constexpr int kMaxDeblockingBits = 15;

// Channels [begin, end).
struct ChannelRange {
  int begin = 0;
  int end = 0;
};

// One pass of the context model. The graph's inputs are the hyper-features h and, from the second pass on, the latents
// decoded so far with zeros elsewhere, in the order (y, h); its outputs are the means (fixed point, latent_bits) and
// the scale indices (0 .. scales - 1) of all latent channels at every position. The pass codes, at each phase, a range
// of channels; every channel of every phase belongs to exactly one pass.
struct Pass {
  explicit Pass(std::pmr::memory_resource& memory) : context(memory) {}
  ChannelRange coded[kPhases];
  Graph context;
};

// A probability table with its frequencies; see TableDescription.
struct ModelTable {
  explicit ModelTable(std::pmr::memory_resource& memory) : frequencies(&memory) {}
  TableDescription Describe() const { return {first, low_bits, frequencies}; }

  int16_t first = 0;
  uint8_t low_bits = 0;
  std::pmr::vector<uint16_t> frequencies;
};

// What decoding needs.
struct DecoderModel {
  explicit DecoderModel(std::pmr::memory_resource& memory)
      : inverse_gain(&memory), hyper_tables(&memory), scale_tables(&memory), hyper_synthesis(memory), passes(&memory),
        synthesis(memory) {}

  int latent_channels = 0;
  int hyper_channels = 0;
  int latent_factor = 16;  // pixels per latent position and side: 8, 16 or 32
  int hyper_factor = 4;    // latent positions per hyper-latent position and side; their product divides 64
  int latent_bits = 6;     // fractional bits of latents and means: 0 .. 8
  int16_t latent_low = -32768;  // decoded latents are clamped to these; latent_low <= 0 <= latent_high
  int16_t latent_high = 32767;
  int output_bits = 4;     // fractional bits of the synthesis output, in pixel levels of 8 bits: 0 .. 7
  int levels = 0;          // 1 .. kMaxLevels
  int scales = 0;          // 1 .. 255
  int first_coded_scale = 0;  // below it nothing is coded and the symbol is 0

  std::pmr::vector<LogGain> inverse_gain;  // levels x latent_channels: from latents to the synthesis' input
  std::pmr::vector<ModelTable> hyper_tables;  // one for each hyper channel
  std::pmr::vector<ModelTable> scale_tables;  // one for each scale from first_coded_scale on
  Graph hyper_synthesis;     // z symbols -> h: grows by hyper_factor
  std::pmr::vector<Pass> passes;
  Graph synthesis;           // y -> 3 channels: grows by latent_factor
};

// What encoding needs besides.
struct EncoderModel {
  explicit EncoderModel(std::pmr::memory_resource& memory) : gain(&memory), analysis(memory), hyper_analysis(memory) {}
  std::pmr::vector<LogGain> gain;  // levels x latent_channels: from the analysis' output to latents
  Graph analysis;        // 3 channels of 2 * pixel - 255 -> y: shrinks by latent_factor
  Graph hyper_analysis;  // latents -> z symbols: shrinks by hyper_factor
};

// What small pictures need besides: for some of kPreviewScales, rising, a graph from the gained latents to 3 channels
// of a picture that is so many times smaller.
struct PreviewModel {
  explicit PreviewModel(std::pmr::memory_resource& memory) : previews(&memory) {}
  struct Preview {
    explicit Preview(std::pmr::memory_resource& memory) : graph(memory) {}
    int scale = 0;
    Graph graph;
  };
  std::pmr::vector<Preview> previews;
};

// Filters across borders every kDeblockingPeriod pixels, between latents and within, which decoding needs where a
// package has them (format-spec/codec.md, "Deblocking").
struct DeblockingModel {
  explicit DeblockingModel(std::pmr::memory_resource& memory) : activity(&memory), step(&memory), filter(&memory) {}
  size_t classes() const { return (activity.size() + 1) * (step.size() + 1); }
  // The weights of class 0: kDeblockingWeights for each class, the class of the step innermost.
  size_t place(int level, int kind) const {
    return (static_cast<size_t>(level) * kDeblockingKinds + static_cast<size_t>(kind)) * classes() * kDeblockingWeights;
  }

  std::pmr::vector<int16_t> activity;  // thresholds, rising, at most kMaxDeblockingThresholds
  std::pmr::vector<int16_t> step;
  int filter_bits = 0;  // fractional bits of weights: 0 .. 15
  std::pmr::vector<int16_t> filter;  // levels x kinds x activity classes x step classes x 4 x 8
};

// Multiply-accumulates of all decoding networks for each pixel.
double DecodeMacs(const DecoderModel& model);

// All operations of decoding for each latent position, in units of one multiply-accumulate (CountWork): of its slice,
// entropy decoding included, and of synthesis with all that follows it.
struct DecodeWork {
  double slice = 0;
  double synthesis = 0;
};
DecodeWork CountDecodeWork(const DecoderModel& model);
// Of deblocking, for each latent position.
double CountDeblockingWork(const DecoderModel& model);
// The same of a preview's graph in place of the synthesis.
double CountPreviewWork(const Graph& graph);

// Checks all that ties the parts together: factors, channel counts, bounds, that the passes code everything once, that
// the gains lie in their range; and each graph by CheckGraph. Messages name the field.
Status CheckModel(const DecoderModel& model);
Status CheckModel(const EncoderModel& encoder, const DecoderModel& decoder);
Status CheckModel(const PreviewModel& preview, const DecoderModel& decoder);
Status CheckModel(const DeblockingModel& deblocking, const DecoderModel& decoder);

}  // namespace nic
