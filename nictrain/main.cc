// nictrain: trains, judges and exports nic's models.
#include <torch/cuda.h>
#include <torch/utils.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <exception>

#include "arguments.h"
#include "evaluation.h"
#include "trainer.h"

namespace nic {
namespace {

constexpr char kUsage[] =
    "usage: nictrain train CONFIG [--data PATH] [--output DIR] [--init FILE] [--resume CHECKPOINT] [--minutes N]\n"
    "                             [--threads N] [--device cpu|cuda]\n"
    "       nictrain eval --checkpoint FILE --data PATH [--anchors FILE] [--curve NAME] [--threads N]\n"
    "                             [--device cpu|cuda]\n"
    "       nictrain pack FOLDER PACK\n";

std::atomic<bool> stop_requested{false};

void RequestStop(int) { stop_requested = true; }

Status Usage(const char* what) { return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "%s", what); }

Status UseThreads(const Arguments& arguments) {
  double threads = 0;
  NIC_RETURN_IF_ERROR(arguments.GetNumber("threads", 1, 1024, &threads));
  if (threads >= 1) torch::set_num_threads(static_cast<int>(threads));
  return {};
}

Status ChooseDevice(const Arguments& arguments, torch::Device* device) {
  const std::string name = arguments.get("device", "cpu");
  if (name != "cpu" && name != "cuda") return Usage("--device: neither cpu nor cuda");
  if (name == "cuda" && !torch::cuda::is_available()) return Usage("--device cuda: this LibTorch finds no CUDA device");
  *device = torch::Device(name);
  return {};
}

Status RunTrain(int count, char** texts) {
  Arguments arguments;
  NIC_RETURN_IF_ERROR(ParseArguments(
      count, texts, {"data", "output", "init", "resume", "minutes", "threads", "device"}, &arguments));
  if (arguments.words.size() != 1) return Usage("train: one configuration file is wanted");
  if (arguments.has("init") && arguments.has("resume")) return Usage("--init and --resume exclude one another");
  TrainingRun run;
  NIC_RETURN_IF_ERROR(ReadConfig(arguments.words[0], &run.config));
  run.config.data = arguments.get("data", run.config.data);
  run.config.output = arguments.get("output", run.config.output);
  run.config.init = arguments.get("init", run.config.init);
  run.resume = arguments.get("resume");
  NIC_RETURN_IF_ERROR(arguments.GetNumber("minutes", 0.01, 1e6, &run.minutes));
  NIC_RETURN_IF_ERROR(UseThreads(arguments));
  NIC_RETURN_IF_ERROR(ChooseDevice(arguments, &run.device));
  run.stop = &stop_requested;
  std::signal(SIGINT, RequestStop);
  std::signal(SIGTERM, RequestStop);
  return Train(run);
}

Status RunEvaluate(int count, char** texts) {
  Arguments arguments;
  NIC_RETURN_IF_ERROR(ParseArguments(count, texts, {"checkpoint", "data", "anchors", "curve", "threads", "device"},
                                     &arguments));
  if (!arguments.words.empty() || !arguments.has("checkpoint") || !arguments.has("data")) {
    return Usage("eval: --checkpoint and --data are wanted");
  }
  torch::Device device = torch::kCPU;
  NIC_RETURN_IF_ERROR(UseThreads(arguments));
  NIC_RETURN_IF_ERROR(ChooseDevice(arguments, &device));
  StoredTensors weights;
  NIC_RETURN_IF_ERROR(ReadSafetensors(arguments.get("checkpoint"), &weights));
  Network network;
  NIC_RETURN_IF_ERROR(LoadNetwork(weights, network));
  network.to(device);
  Dataset pictures;
  NIC_RETURN_IF_ERROR(Dataset::Load(arguments.get("data"), 1, &pictures));
  std::vector<RatePoint> anchor;
  if (arguments.has("anchors")) {
    NIC_RETURN_IF_ERROR(ReadCurve(arguments.get("anchors"), arguments.get("curve", "jpeg"), &anchor));
  }
  std::vector<double> qualities;
  for (int64_t i = 0; i < network.shape().levels; ++i) qualities.push_back(static_cast<double>(i));
  const auto points = Evaluate(network, pictures, qualities, device, [&](size_t done) {
    std::fprintf(stderr, "\r%zu of %zu pictures", done, pictures.size());
  });
  std::fprintf(stderr, "\n");
  std::printf("quality,bpp,psnr\n");
  for (size_t i = 0; i < points.size(); ++i) std::printf("%g,%.4f,%.3f\n", qualities[i], points[i].bpp, points[i].psnr);
  if (anchor.empty()) return {};
  const auto difference = BdRate(anchor, points);
  if (!difference) return Usage("the curves have no common range of PSNR");
  std::printf("BD-rate against %s: %.2f %%\n", arguments.get("curve", "jpeg").c_str(), *difference);
  return {};
}

Status RunPack(int count, char** texts) {
  Arguments arguments;
  NIC_RETURN_IF_ERROR(ParseArguments(count, texts, {}, &arguments));
  if (arguments.words.size() != 2) return Usage("pack: a folder and the pack's name are wanted");
  Dataset dataset;
  NIC_RETURN_IF_ERROR(Dataset::Load(arguments.words[0], 1, &dataset));
  return dataset.WritePack(arguments.words[1]);
}

Status Dispatch(int count, char** texts) {
  const std::string command = count > 1 ? texts[1] : "";
  if (command == "train") return RunTrain(count - 2, texts + 2);
  if (command == "eval") return RunEvaluate(count - 2, texts + 2);
  if (command == "pack") return RunPack(count - 2, texts + 2);
  return Usage("no such command");
}

}  // namespace
}  // namespace nic

// LibTorch reports its errors by exceptions.
int main(int count, char** texts) {
  try {
    const nic::Status status = nic::Dispatch(count, texts);
    if (status.ok()) return 0;
    std::fprintf(stderr, "nictrain: %s\n", status.message());
    if (status.code() == NIC_INVALID_ARGUMENT) std::fputs(nic::kUsage, stderr);
    return status.code() == NIC_INVALID_ARGUMENT ? 2 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "nictrain: %s\n", error.what());
    return 1;
  }
}
