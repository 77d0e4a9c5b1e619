// An exported model held against the network that it came from.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/memory.h"
#include "base/parallel.h"
#include "base/status.h"
#include "tools/curve.h"
#include "dataset.h"
#include "model/model.h"
#include "network_shape.h"

namespace nic {

// What a tensor of a graph takes of its room.
struct TensorReport {
  std::string graph;
  int number = 0;
  Operation operation = Operation::kActivate;
  int low = 0, high = 0;              // seen
  int bound_low = 0, bound_high = 0;  // allowed
  uint64_t at_bounds = 0;             // samples at a bound that is not that of a ReLU
  int fewest_weight_bits = 0;         // convolutions: over the output channels, sign included
  double mean_weight_bits = 0;
};

// NIC_INVALID_ARGUMENT for a package that cannot come from a network of this shape.
Status CheckOrigin(const DecoderModel& decoder, const NetworkShape& shape);

// Runs both transforms over `picture` and reports their tensors.
Status InspectTensors(const DecoderModel& decoder, const EncoderModel& encoder, const Picture& picture,
                      const RateIndex& rate, Memory& memory, std::vector<TensorReport>* reports);

// Real files' bits per pixel and the decoder's PSNR at whole levels: means over the pictures. Consumes the models.
Status EvaluateCodec(DecoderModel&& decoder, EncoderModel&& encoder, const Dataset& pictures,
                     const std::vector<RateIndex>& rates, Parallel& parallel, Memory& memory,
                     const std::function<void(size_t)>& progress, std::vector<tools::CurvePoint>* points);

}  // namespace nic
