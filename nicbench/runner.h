// One way to encode and decode that `nicbench speed` measures: a codec, its process or library, its threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "nicbench/launcher.h"
#include "nicbench/nic_codec.h"
#include "nicbench/program_codec.h"

namespace nic::bench {

class Runner {
 public:
  virtual ~Runner() = default;
  const std::string& name() const { return name_; }
  int threads() const { return threads_; }

  // The codec behind it, to find the rate with.
  virtual Codec* codec() = 0;
  // Encodes, or decodes, once; the result is not looked at. Fills seconds and peak memory of `usage`.
  virtual tools::Outcome Encode(const Source& source, double rate, Usage* usage) = 0;
  virtual tools::Outcome Decode(const Coded& coded, Usage* usage) = 0;

 protected:
  std::string name_;
  int threads_ = 1;
};

// nic in this process.
tools::Outcome MakeLibraryRunner(const NicOptions& options, int threads, std::unique_ptr<Runner>* runner);
// nicenc and nicdec, which lie beside this program or on PATH.
tools::Outcome MakeNicProgramRunner(const NicOptions& options, int threads, Launcher* launcher,
                                    std::unique_ptr<Runner>* runner);
std::unique_ptr<Runner> MakeProgramRunner(const ProgramDescription& description, int threads, Launcher* launcher);

}  // namespace nic::bench
