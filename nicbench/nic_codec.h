// nic itself, in this process, through its public interface.
#pragma once

#include <string>

#include "nic/nic.h"
#include "nicbench/codec.h"

namespace nic::bench {

struct NicOptions {
  std::string model;   // a package file or the name of a known model; empty: the default one
  std::string target;  // vector instructions; empty: the library's choice
  uint32_t threads = 1;
  int effort = 0;  // 0: the library's default
};

// The rate is the gain level s and the interpolation l as s + l/256; its label is "s+l".
class NicCodec : public Codec {
 public:
  NicCodec() = default;
  ~NicCodec() override;
  NicCodec(const NicCodec&) = delete;
  NicCodec& operator=(const NicCodec&) = delete;

  // Makes the context and finds the model. `steps` is how many rates there are in rates() from one level to the next.
  tools::Outcome Open(const NicOptions& options, int steps);

  std::string Label(double rate) const override;
  tools::Outcome Encode(const Source& source, double rate, Coded* coded) override;
  tools::Outcome Decode(const Coded& coded, tools::Picture* picture, double* seconds) override;

  // The most bytes that the library has held at once.
  uint64_t peak_memory() const { return nic_context_peak_memory(context_); }
  const nic_model_info& model() const { return model_; }

 private:
  tools::Outcome FindModel(const std::string& wanted);
  tools::Outcome AddModelFile(const std::string& path);
  tools::Outcome SetRate(double rate);

  NicOptions options_;
  nic_context* context_ = nullptr;
  nic_encoder* encoder_ = nullptr;
  nic_model_info model_ = {};
};

// A rate from its label "s+l" or "s": s + l/256. Fails for what is none.
tools::Outcome ParseNicRate(const std::string& text, double* rate);

// The context of that many threads on those vector instructions ("": the library's choice); the caller frees it.
nic_status MakeContext(uint32_t threads, const std::string& target, nic_context** context, nic_error* error);

}  // namespace nic::bench
