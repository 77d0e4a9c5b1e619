// Train(): the loop around Trainer, with its clock, log and checkpoints.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "files.h"
#include "trainer.h"
#include "validation.h"

namespace nic {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Means over the steps since the last line of the log.
struct Means {
  double loss = 0, bpp = 0, psnr = 0, gradient = 0;
  int64_t steps = 0;
  int64_t skipped = 0;
  void Add(const StepReport& report) {
    skipped += report.skipped;
    if (report.skipped) return;
    loss += report.loss;
    bpp += report.bpp;
    psnr += report.psnr;
    gradient += report.gradient;
    ++steps;
  }
};

class Journal {
 public:
  Journal() = default;
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  ~Journal() {
    if (file_) std::fclose(file_);
  }

  Status Open(const std::string& folder) {
    const std::string path = folder + "/log.csv";
    file_ = std::fopen(path.c_str(), "a");
    if (!file_) return Status::Error(NIC_IO, Status::kNoOffset, "cannot append to %s", path.c_str());
    if (std::ftell(file_) == 0) std::fprintf(file_, "step,seconds,rate,loss,bpp,psnr,gradient\n");
    return {};
  }

  void Write(const StepReport& last, const Means& sums, double seconds, double steps_per_second, double seconds_left) {
    const auto n = static_cast<double>(sums.steps);  // 0 where all were skipped: the means are then no numbers
    std::fprintf(file_, "%lld,%.1f,%.4g,%.5f,%.5f,%.4f,%.4f\n", static_cast<long long>(last.step), seconds, last.rate,
                 sums.loss / n, sums.bpp / n, sums.psnr / n, sums.gradient / n);
    std::fflush(file_);
    std::fprintf(stderr, "%sstep %lld  %.2f steps/s  loss %.4f  bpp %.4f  psnr %.2f  rate %.2e  left %d:%02d%s",
                 terminal_ ? "\r" : "", static_cast<long long>(last.step), steps_per_second, sums.loss / n,
                 sums.bpp / n, sums.psnr / n, last.rate, static_cast<int>(seconds_left) / 60,
                 static_cast<int>(seconds_left) % 60, terminal_ ? "   " : "\n");
    if (sums.skipped == 0) return;
    std::fprintf(stderr, "%s%lld steps skipped: their loss or gradient was not finite\n", terminal_ ? "\n" : "",
                 static_cast<long long>(sums.skipped));
  }

 private:
  FILE* file_ = nullptr;
  bool terminal_ = ::isatty(2) != 0;
};

struct Schedule {
  const Config& config;
  double limit_seconds;  // 0: none

  double Progress(int64_t step, double seconds) const {
    const double by_steps = static_cast<double>(step) / static_cast<double>(config.steps);
    return limit_seconds > 0 ? std::max(by_steps, seconds / limit_seconds) : by_steps;
  }
  double Rate(int64_t step, double seconds) const {
    return config.rate * RateFactor(step, config.warmup, Progress(step, seconds));
  }
};

}  // namespace

Status Train(const TrainingRun& run) {
  const Config& config = run.config;
  Dataset dataset;
  NIC_RETURN_IF_ERROR(Dataset::Load(config.data, static_cast<int>(config.patch), &dataset));
  std::fprintf(stderr, "%zu pictures, %.1f megapixels\n", dataset.size(), static_cast<double>(dataset.pixels()) * 1e-6);
  Trainer trainer(config, dataset, run.device);
  double before = 0;
  if (!run.resume.empty()) {
    NIC_RETURN_IF_ERROR(trainer.Resume(run.resume, &before));
  } else if (run.grown) {
    NIC_RETURN_IF_ERROR(trainer.BeginGrown(*run.grown, dataset));
  } else if (!config.init.empty()) {
    StoredTensors weights;
    NIC_RETURN_IF_ERROR(ReadSafetensors(config.init, &weights));
    NIC_RETURN_IF_ERROR(trainer.Initialise(weights));
  } else if (config.start == "klt") {
    trainer.BeginWithKlt(dataset);
  }
  if (config.quantise && run.resume.empty()) NIC_RETURN_IF_ERROR(trainer.BeginQuantised(dataset));
  std::error_code error;
  std::filesystem::create_directories(config.output, error);
  Journal journal;
  NIC_RETURN_IF_ERROR(journal.Open(config.output));

  std::unique_ptr<Validation> validation;
  NIC_RETURN_IF_ERROR(Validation::Open(config, run.device, &validation));

  const Clock::time_point start = Clock::now();
  double logged = 0;
  double validated = 0;
  const Schedule schedule{config, run.minutes * 60};
  double saved = 0;
  Means sums;
  StepReport report;
  while (true) {
    const double now = SecondsSince(start);
    const double progress = schedule.Progress(trainer.step(), before + now);
    const bool stopped = run.stop && run.stop->load();
    // Weights that give no finite loss may be on their way to none at all: the checkpoints before stay for that.
    const bool due = now - saved >= config.checkpoint_minutes * 60 && !report.skipped;
    if (progress >= 1 || stopped || due) {
      NIC_RETURN_IF_ERROR(trainer.Save(config.output, before + now));
      saved = now;
    }
    if (progress >= 1 || now - validated >= config.validation_minutes * 60) {
      NIC_RETURN_IF_ERROR(validation->Run(trainer, before + now));
      validated = now;
    }
    if (progress >= 1) return {};
    if (stopped)
      return Status::Error(NIC_CANCELLED, Status::kNoOffset, "stopped at step %lld; its checkpoint is in %s",
                           static_cast<long long>(trainer.step()), config.output.c_str());
    NIC_RETURN_IF_ERROR(trainer.Step(schedule.Rate(trainer.step(), before + now), &report));
    sums.Add(report);
    if (trainer.step() % config.log_steps != 0) continue;
    const double after = SecondsSince(start);
    const double speed = static_cast<double>(sums.steps + sums.skipped) / (after - logged);
    logged = after;
    const double left_by_steps = static_cast<double>(config.steps - trainer.step()) / speed;
    const double left = run.minutes > 0 ? std::min(left_by_steps, run.minutes * 60 - before - after) : left_by_steps;
    journal.Write(report, sums, before + after, speed, std::max(0.0, left));
    sums = {};
  }
}

}  // namespace nic
