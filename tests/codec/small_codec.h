// A prepared small model with what the tests of the pipelines feed it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/memory.h"
#include "codec/prepared_model.h"
#include "codec/slice_encoder.h"
#include "codec/slice_layout.h"
#include "codec/tensor_buffer.h"
#include "container/file.h"
#include "support/small_model.h"

namespace nic::testing {

struct SmallCodec {
  // `change` may alter the model before it is prepared; it must stay valid.
  explicit SmallCodec(uint32_t seed = 1, const std::function<void(SmallModel&)>& change = {});

  Memory memory;
  std::unique_ptr<PreparedModel> model;
  GraphInput hyper_range;  // of z symbols
};

// Random values of about the size that the small analysis gives.
TensorBuffer MakeAnalysed(Memory& memory, int64_t height, int64_t width, int channels, uint32_t seed);

// The encoder's, the same everywhere.
GainField GainsAt(SmallCodec& codec, const RateIndex& rate);

// A slice as a reader of a file would give it, `offset` being its place in the file.
CodedSlice AsCoded(const EncodedSlice& slice, uint64_t offset = 0);

bool SameSamples(const TensorBuffer& a, const TensorBuffer& b);

// All of a tensor of height x width positions as a window, and whether two windows agree inside a rectangle of both.
TensorWindow MakeWindow(Memory& memory, int64_t height, int64_t width, int channels);
bool SameInside(const TensorWindow& a, const TensorWindow& b, const Rect& rect);
bool SameSamples(const TensorWindow& a, const TensorWindow& b);
TensorWindow AsWindow(Memory& memory, const TensorBuffer& tensor);
bool IsFilled(const TensorWindow& a, const Rect& rect, int16_t value);

// All values of a region, three a pixel, that the synthesis gives for the latents of a whole picture, which are fed to
// it `latent_rows` rows at a time. Requires that rows come once each, from the top down.
std::vector<int16_t> SynthesiseAll(SmallCodec& codec, const SliceLayout& layout, const TensorWindow& latents,
                                   const RateIndex& rate, const Rect& region, Parallel& parallel,
                                   int64_t latent_rows = 1000000);

}  // namespace nic::testing
