// Better targets for the latents, from what decoding gives back: integers only.
#pragma once

#include <cstdint>
#include <functional>

#include "base/parallel.h"
#include "codec/gain_map.h"
#include "codec/prepared_model.h"
#include "codec/slice_layout.h"
#include "codec/tensor_buffer.h"
#include "image/pixels.h"

namespace nic {

// Sees one row of the synthesis' output, as ValueRow takes it; rows come from the top down.
using SeenRow = std::function<void(int64_t y, const int16_t* values)>;

// The picture whose latents are to be corrected.
struct AnalysedPicture {
  const SliceLayout& layout;
  PixelView shape;         // its stride and pixels are not looked at
  const GainField& gains;  // of the encoder
  const GainField& inverse_gains;
  const TensorWindow& latents;  // all of them, as the analysis gave them, not gained
};

// The analysis is no exact inverse of the synthesis: the decoded picture, analysed again, has other latents than it was
// decoded from. This moves the targets against that difference,
//   target = decoded + gained(analysed picture) - gained(analysed decoded picture),
// a step of gradient descent on the picture's error where the analysis stands for the synthesis' transpose.
//
// `decoded`: all latents that coding the last targets gave. `targets`: of the same size, all of it replaced. `see` gets
// the rows of the synthesis, which come with it.
Status CorrectTargets(const PreparedModel& model, const AnalysedPicture& picture, const TensorWindow& decoded,
                      Parallel& parallel, Memory& memory, TensorWindow* targets, const SeenRow& see);

// The targets to begin with: the latents times the gains.
void GainTargets(const PreparedModel& model, const AnalysedPicture& picture, TensorWindow* targets);

}  // namespace nic
