// From a trained network to the integer model that the codec runs.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/memory.h"
#include "base/status.h"
#include "calibration.h"
#include "dataset.h"
#include "model/model.h"
#include "network.h"

namespace nic {

struct ExportOptions {
  double margin = 1.25;  // of a tensor's clamp over the range that calibration shows
  int calibration_crops = 24;
  int statistics_crops = 800;
  int side = 256;  // of the crops, a multiple of 64
  uint64_t seed = 7;
  ScaleGrid scales;
  double latent_prior = 500;  // observations that the Gaussian of a scale's table counts as
  double hyper_prior = 50;
  int first_coded = -1;  // DecoderModel::first_coded_scale; below 0: chosen from the statistics
};

// Builds both halves of the model, proven safe; `decoder` and `encoder` must be new. NIC_MODEL_UNSAFE where a layer
// cannot be represented, with its name.
Status ExportModel(Network& network, const Dataset& dataset, const ExportOptions& options, Memory& memory,
                   DecoderModel* decoder, EncoderModel* encoder, const std::function<void(const char*)>& progress);

// What a step of each parameter's integers stands for, element by element in the parameter's shape, if the network were
// exported now. Parameters that no integer weights are made from, such as biases and gains, are not among them.
Status FindWeightSteps(Network& network, const Dataset& dataset, const ExportOptions& options,
                       std::map<std::string, torch::Tensor>* steps);

struct PackageIdentity {
  uint32_t id = 1;
  uint32_t version = 1;
  std::string name = "nic-fast";
  std::string notes;  // about the training
};

// Writes the package `path`; its size goes to *bytes.
Status WriteModel(const std::string& path, const PackageIdentity& identity, const DecoderModel& decoder,
                  const EncoderModel& encoder, Memory& memory, size_t* bytes);

}  // namespace nic
