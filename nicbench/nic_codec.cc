#include "nicbench/nic_codec.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <optional>

#include "tools/input_file.h"
#include "tools/number.h"

namespace nic::bench {
namespace {

using tools::Outcome;
using tools::Picture;

constexpr uint64_t kMaxPackageSize = uint64_t{1} << 30;
constexpr int kInterpolationSteps = 256;

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point begun) { return std::chrono::duration<double>(Clock::now() - begun).count(); }

nic_image ImageOf(const Picture& picture) {
  // libnic only reads what it encodes.
  auto* pixels = const_cast<uint8_t*>(picture.pixels.data());
  return {picture.width, picture.height, picture.format, picture.stride(), pixels};
}

}  // namespace

nic_status MakeContext(uint32_t threads, const std::string& target, nic_context** context, nic_error* error) {
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  options.threads = threads;
  options.target = target.empty() ? nullptr : target.c_str();
  return nic_context_new(&options, context, error);
}

Outcome ParseNicRate(const std::string& text, double* rate) {
  const size_t plus = text.find('+');
  const std::optional<uint64_t> level = tools::ParseWhole(text.substr(0, plus));
  const std::optional<uint64_t> part = plus == std::string::npos ? 0 : tools::ParseWhole(text.substr(plus + 1));
  if (!level || !part || *level > 255 || *part >= kInterpolationSteps) {
    return Outcome::Failure(tools::kExitUsage, "\"" + text + "\" is no rate", "one is written as 3 or 3+128");
  }
  *rate = static_cast<double>(*level) + static_cast<double>(*part) / kInterpolationSteps;
  return {};
}

NicCodec::~NicCodec() {
  nic_encoder_free(encoder_);
  nic_context_free(context_);
}

Outcome NicCodec::AddModelFile(const std::string& path) {
  tools::InputFile file;
  std::vector<uint8_t> bytes;
  NIC_TOOLS_RETURN_IF_FAILED(file.Open(path));
  NIC_TOOLS_RETURN_IF_FAILED(file.ReadAll(kMaxPackageSize, &bytes));
  nic_error error = {};
  uint64_t digest = 0;
  if (nic_context_add_model(context_, bytes.data(), bytes.size(), nullptr, &digest, &error) != NIC_OK) {
    return Outcome::Library(error);
  }
  for (size_t i = 0; nic_context_model(context_, i, &model_, &error) == NIC_OK; ++i) {
    if (model_.digest == digest) return {};
  }
  return Outcome::Library(error);
}

Outcome NicCodec::FindModel(const std::string& wanted) {
  nic_error error = {};
  for (size_t i = 0; nic_context_model(context_, i, &model_, &error) == NIC_OK; ++i) {
    if (wanted.empty() ? model_.is_default != 0 : wanted == model_.name) return {};
  }
  if (wanted.empty()) return Outcome::Failure(tools::kExitUnsupported, "no default model");
  if (access(wanted.c_str(), F_OK) == 0) return AddModelFile(wanted);
  return Outcome::Failure(tools::kExitUnsupported, "model " + wanted, "no such file and no known model of this name");
}

Outcome NicCodec::Open(const NicOptions& options, int steps) {
  options_ = options;
  nic_error error = {};
  if (MakeContext(options.threads, options.target, &context_, &error) != NIC_OK) return Outcome::Library(error);
  NIC_TOOLS_RETURN_IF_FAILED(FindModel(options.model));
  if (nic_encoder_new(context_, &encoder_, &error) != NIC_OK) return Outcome::Library(error);

  char digest[32];
  std::snprintf(digest, sizeof digest, "%016llx", static_cast<unsigned long long>(model_.digest));
  name_ = model_.name;
  settings_ = "nic " + std::string(nic_version()) + ", model " + model_.name + " version " +
              std::to_string(model_.version) + " digest " + digest;
  if (options.effort > 0) settings_ += ", effort " + std::to_string(options.effort);
  const int top = static_cast<int>(model_.levels) - 1;
  knob_ = {0, static_cast<double>(top), top * kInterpolationSteps + 1, false};
  rates_.clear();
  for (int i = 0; i <= top * steps; ++i) rates_.push_back(std::floor(256.0 * i / steps) / 256);
  return {};
}

std::string NicCodec::Label(double rate) const {
  const auto whole = static_cast<int>(std::lround(rate * kInterpolationSteps));
  return std::to_string(whole / kInterpolationSteps) + "+" + std::to_string(whole % kInterpolationSteps);
}

Outcome NicCodec::SetRate(double rate) {
  const auto whole = static_cast<int>(std::lround(rate * kInterpolationSteps));
  const double level = whole / kInterpolationSteps;
  const double part = static_cast<double>(whole % kInterpolationSteps) / kInterpolationSteps;
  nic_encoder_reset(encoder_);
  nic_status status = nic_encoder_set(encoder_, NIC_ENCODER_MODEL_ID, model_.id);
  if (status == NIC_OK) status = nic_encoder_set(encoder_, NIC_ENCODER_GAIN_LEVEL, level);
  if (status == NIC_OK && part > 0) status = nic_encoder_set(encoder_, NIC_ENCODER_INTERPOLATION, part);
  if (status == NIC_OK && options_.effort > 0) status = nic_encoder_set(encoder_, NIC_ENCODER_EFFORT, options_.effort);
  return status == NIC_OK ? Outcome() : Outcome::Library(*nic_encoder_error(encoder_));
}

Outcome NicCodec::Encode(const Source& source, double rate, Coded* coded) {
  NIC_TOOLS_RETURN_IF_FAILED(SetRate(rate));
  const nic_image image = ImageOf(source.picture);
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  nic_encode_result result = {};
  const auto begun = Clock::now();
  if (nic_encoder_encode(encoder_, &image, 0, &bytes, &size, &result) != NIC_OK) {
    return Outcome::Library(*nic_encoder_error(encoder_));
  }
  coded->seconds = SecondsSince(begun);
  coded->bytes.assign(bytes, bytes + size);
  coded->estimated_bits = result.estimated_bpp * image.width * image.height;
  return {};
}

Outcome NicCodec::Decode(const Coded& coded, Picture* picture, double* seconds) {
  nic_image image = {};
  nic_error error = {};
  const auto begun = Clock::now();
  if (nic_decode(context_, coded.bytes.data(), coded.bytes.size(), &image, &error) != NIC_OK) {
    return Outcome::Library(error);
  }
  *seconds = SecondsSince(begun);
  const Outcome outcome = picture->Allocate(image.width, image.height, image.format, nic_limits{});
  if (outcome.ok()) std::copy_n(image.pixels, picture->pixels.size(), picture->pixels.data());
  nic_free(context_, image.pixels);
  return outcome;
}

}  // namespace nic::bench
