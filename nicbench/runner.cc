#include "nicbench/runner.h"

#include <ctime>
#include <filesystem>
#include <utility>

namespace nic::bench {
namespace {

using tools::Outcome;

// Of all threads of this process.
double CpuSeconds() {
  timespec time = {};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

class LibraryRunner : public Runner {
 public:
  Outcome Open(NicOptions options, int threads) {
    options.threads = static_cast<uint32_t>(threads);
    threads_ = threads;
    NIC_TOOLS_RETURN_IF_FAILED(codec_.Open(options, 1));
    name_ = "nic (library)";
    return {};
  }

  Codec* codec() override { return &codec_; }

  Outcome Encode(const Source& source, double rate, Usage* usage) override {
    Coded coded;
    const double begun = CpuSeconds();
    NIC_TOOLS_RETURN_IF_FAILED(codec_.Encode(source, rate, &coded));
    *usage = {coded.seconds, CpuSeconds() - begun, codec_.peak_memory()};
    return {};
  }

  Outcome Decode(const Coded& coded, Usage* usage) override {
    tools::Picture picture;
    const double begun = CpuSeconds();
    NIC_TOOLS_RETURN_IF_FAILED(codec_.Decode(coded, &picture, &usage->seconds));
    usage->cpu_seconds = CpuSeconds() - begun;
    usage->peak_memory = codec_.peak_memory();
    return {};
  }

 private:
  NicCodec codec_;
};

class ProgramRunner : public Runner {
 public:
  ProgramRunner(ProgramDescription description, int threads, Launcher* launcher)
      : description_(std::move(description)), codec_(description_, launcher, threads) {
    name_ = description_.name;
    threads_ = threads;
  }

  Codec* codec() override { return &codec_; }

  Outcome Encode(const Source& source, double rate, Usage* usage) override {
    Coded coded;
    NIC_TOOLS_RETURN_IF_FAILED(codec_.Encode(source, rate, &coded));
    *usage = codec_.usage();
    return {};
  }

  Outcome Decode(const Coded& coded, Usage* usage) override {
    tools::Picture picture;
    double seconds = 0;
    NIC_TOOLS_RETURN_IF_FAILED(codec_.Decode(coded, &picture, &seconds));
    *usage = codec_.usage();
    return {};
  }

 private:
  ProgramDescription description_;
  ProgramCodec codec_;
};

// nicenc and nicdec described like everybody else's programs. Their rate is one number here, so the knob's positions
// are quality.
ProgramDescription DescribeNic(const NicOptions& options, const std::string& encoder, const std::string& decoder) {
  ProgramDescription nic;
  nic.name = "nic";
  nic.encode = {encoder, "--quiet", "-t", "{threads}", "-q", "{rate}", "{pnm}", "{out}"};
  nic.decode = {decoder, "--quiet", "-t", "{threads}", "{in}", "{out}"};
  nic.version = {encoder, "--version"};
  if (options.effort > 0) nic.encode.insert(nic.encode.end(), {"-e", std::to_string(options.effort)});
  if (!options.model.empty()) nic.encode.insert(nic.encode.end(), {"-m", options.model});
  if (std::filesystem::exists(options.model)) nic.decode.insert(nic.decode.end(), {"-m", options.model});
  nic.extension = "nic";
  nic.output = "pnm";
  nic.knob = {0, 100, 1001, false};
  nic.decimals = 1;
  return nic;
}

// A program beside this one, or its name to be found on PATH.
std::string FindProgram(const std::string& name) {
  std::error_code error;
  const std::filesystem::path own = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::string beside = (own.parent_path() / name).string();
  return !error && IsInstalled(beside) ? beside : name;
}

}  // namespace

Outcome MakeLibraryRunner(const NicOptions& options, int threads, std::unique_ptr<Runner>* runner) {
  auto made = std::make_unique<LibraryRunner>();
  NIC_TOOLS_RETURN_IF_FAILED(made->Open(options, threads));
  *runner = std::move(made);
  return {};
}

Outcome MakeNicProgramRunner(const NicOptions& options, int threads, Launcher* launcher,
                             std::unique_ptr<Runner>* runner) {
  const ProgramDescription description = DescribeNic(options, FindProgram("nicenc"), FindProgram("nicdec"));
  if (!description.installed()) {
    return Outcome::Failure(tools::kExitFailure, "nicenc or nicdec is neither beside nicbench nor on PATH");
  }
  *runner = std::make_unique<ProgramRunner>(description, threads, launcher);
  return {};
}

std::unique_ptr<Runner> MakeProgramRunner(const ProgramDescription& description, int threads, Launcher* launcher) {
  return std::make_unique<ProgramRunner>(description, threads, launcher);
}

}  // namespace nic::bench
