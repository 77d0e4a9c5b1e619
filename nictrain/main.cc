// nictrain: trains, judges and exports nic's models.
#include <torch/cuda.h>
#include <torch/utils.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "arguments.h"
#include "deblocking_fit.h"
#include "evaluation.h"
#include "exporter.h"
#include "files.h"
#include "help.h"
#include "model/model_section.h"
#include "nic/context.h"
#include "package_file.h"
#include "preview.h"
#include "tools/progress.h"
#include "trainer.h"
#include "verification.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace nic {
namespace {

constexpr char kDefaultCurve[] = "pillow-jpeg-420";

std::atomic<bool> stop_requested{false};

void RequestStop(int) { stop_requested = true; }

// Tensors of megabytes come and go by the hundred in each step. Freed memory stays with the process: to have it from
// the system again, page by page, can take longer than what is computed in it.
void KeepFreedMemory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
#endif
}

Status Usage(const char* what) { return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "%s", what); }

Status UseThreads(const Arguments& arguments) {
  double threads = std::thread::hardware_concurrency();
  NIC_RETURN_IF_ERROR(arguments.GetNumber("threads", 1, 1024, &threads));
  torch::set_num_threads(static_cast<int>(threads));
  return {};
}

Status ChooseDevice(const Arguments& arguments, torch::Device* device) {
  const std::string name = arguments.get("device", "cpu");
  if (name != "cpu" && name != "cuda") return Usage("--device: neither cpu nor cuda");
  if (name == "cuda" && !torch::cuda::is_available()) return Usage("--device cuda: this LibTorch finds no CUDA device");
  *device = torch::Device(name);
  return {};
}

// `path`: a safetensors file, or a training's folder, of whose newest checkpoint the moving average is taken.
Status ReadNetwork(const std::string& path, std::shared_ptr<Network>* network) {
  StoredTensors weights;
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    NIC_RETURN_IF_ERROR(ReadAverage(path, &weights));
  } else {
    NIC_RETURN_IF_ERROR(ReadSafetensors(path, &weights));
  }
  NetworkShape shape;
  NIC_RETURN_IF_ERROR(InferShape(weights, &shape).Within(path.c_str()));
  *network = std::make_shared<Network>(shape);
  return LoadNetwork(weights, **network);
}

Status RunTrain(int count, char** texts) {
  Arguments arguments;
  NIC_RETURN_IF_ERROR(ParseArguments(
      count, texts, {"data", "output", "init", "grow", "resume", "minutes", "threads", "device"}, &arguments));
  if (arguments.words.size() != 1) return Usage("one configuration file is wanted");
  if (arguments.has("init") + arguments.has("grow") + arguments.has("resume") > 1) {
    return Usage("--init, --grow and --resume exclude one another");
  }
  TrainingRun run;
  NIC_RETURN_IF_ERROR(ReadConfig(arguments.words[0], &run.config));
  run.config.data = arguments.get("data", run.config.data);
  run.config.output = arguments.get("output", run.config.output);
  run.config.init = arguments.get("init", run.config.init);
  run.resume = arguments.get("resume");
  NIC_RETURN_IF_ERROR(arguments.GetNumber("minutes", 0.01, 1e6, &run.minutes));
  NIC_RETURN_IF_ERROR(UseThreads(arguments));
  NIC_RETURN_IF_ERROR(ChooseDevice(arguments, &run.device));
  if (arguments.has("grow")) NIC_RETURN_IF_ERROR(ReadNetwork(arguments.get("grow"), &run.grown));
  run.stop = &stop_requested;
  std::signal(SIGINT, RequestStop);
  std::signal(SIGTERM, RequestStop);
  return Train(run);
}

std::vector<double> WholeLevels(const Network& network) {
  std::vector<double> qualities;
  for (int64_t i = 0; i < network.shape().levels; ++i) qualities.push_back(static_cast<double>(i));
  return qualities;
}

// For one run over pictures, to be called with how many are done of how many: a line with the time left on a terminal.
FitProgress CountPictures() {
  struct State {
    std::optional<tools::Progress> progress;
    size_t done = 0;
  };
  return [state = std::make_shared<State>()](size_t done, size_t of) {
    if (!state->progress) state->progress.emplace(of);
    state->progress->Advance(done - state->done);
    state->done = done;
    state->progress->Show(std::to_string(done) + " of " + std::to_string(of) + " pictures");
    if (done == of) state->progress->Wipe();
  };
}

Status RunEvaluate(int count, char** texts) {
  Arguments arguments;
  NIC_RETURN_IF_ERROR(
      ParseArguments(count, texts, {"checkpoint", "data", "anchors", "curve", "threads", "device"}, &arguments));
  if (!arguments.words.empty() || !arguments.has("checkpoint") || !arguments.has("data")) {
    return Usage("--checkpoint and --data are wanted");
  }
  torch::Device device = torch::kCPU;
  NIC_RETURN_IF_ERROR(UseThreads(arguments));
  NIC_RETURN_IF_ERROR(ChooseDevice(arguments, &device));
  std::shared_ptr<Network> network;
  NIC_RETURN_IF_ERROR(ReadNetwork(arguments.get("checkpoint"), &network));
  network->to(device);
  Dataset pictures;
  NIC_RETURN_IF_ERROR(Dataset::Load(arguments.get("data"), 1, &pictures));
  std::vector<tools::Curve> anchor;
  if (arguments.has("anchors")) {
    const std::string named = arguments.get("anchors") + ":" + arguments.get("curve", kDefaultCurve);
    NIC_RETURN_IF_ERROR(FromOutcome(tools::ReadCurves(named, &anchor), arguments.get("anchors")));
  }
  const std::vector<double> qualities = WholeLevels(*network);
  const auto points = Evaluate(*network, pictures, qualities, device,
                               [&, count = CountPictures()](size_t done) { count(done, pictures.size()); });
  std::printf("quality,bpp,psnr\n");
  for (size_t i = 0; i < points.size(); ++i) std::printf("%g,%.4f,%.3f\n", qualities[i], points[i].bpp, points[i].psnr);
  if (anchor.empty()) return {};
  const auto difference = BdRateOf(anchor.front(), {"", "", points}, tools::Metric::kPsnr);
  if (!difference) return Usage("the curves have no common range of PSNR");
  std::printf("BD-rate against %s: %.2f %%\n", arguments.get("curve", kDefaultCurve).c_str(), *difference);
  return {};
}

// The project's models have the numbers of format-spec/model-package.md, section 6; others choose one of the free ones.
Status ChooseModel(const Arguments& arguments, PackageIdentity* identity) {
  constexpr std::pair<const char*, uint32_t> kModels[] = {{"nic-fast", 1}, {"nic-main", 2}};
  constexpr double kFirstFree = 1000;
  identity->name = arguments.get("model", "nic-fast");
  for (const auto& [known, id] : kModels) {
    if (identity->name != known) continue;
    if (arguments.has("id")) return Usage("--id: nic-fast and nic-main have their numbers");
    identity->id = id;
    return {};
  }
  if (!arguments.has("id")) return Usage("--model: other names than nic-fast and nic-main want a number, --id N");
  double id = 0;
  NIC_RETURN_IF_ERROR(arguments.GetNumber("id", kFirstFree, 4294967295.0, &id));
  identity->id = static_cast<uint32_t>(id);
  return {};
}

Status RunExport(int count, char** texts) {
  Arguments arguments;
  NIC_RETURN_IF_ERROR(ParseArguments(
      count, texts, {"checkpoint", "data", "output", "model", "id", "version", "notes", "first-coded", "threads"},
      &arguments));
  if (!arguments.words.empty() || !arguments.has("checkpoint") || !arguments.has("data") || !arguments.has("output")) {
    return Usage("--checkpoint, --data and --output are wanted");
  }
  PackageIdentity identity;
  NIC_RETURN_IF_ERROR(ChooseModel(arguments, &identity));
  double version = 1;
  NIC_RETURN_IF_ERROR(arguments.GetNumber("version", 1, 1e6, &version));
  NIC_RETURN_IF_ERROR(UseThreads(arguments));
  identity.version = static_cast<uint32_t>(version);
  if (arguments.has("notes")) {
    std::vector<uint8_t> notes;
    NIC_RETURN_IF_ERROR(ReadFile(arguments.get("notes"), &notes));
    identity.notes.assign(notes.begin(), notes.end());
  }
  ExportOptions options;
  double first_coded = options.first_coded;
  NIC_RETURN_IF_ERROR(arguments.GetNumber("first-coded", 0, options.scales.count, &first_coded));
  options.first_coded = static_cast<int>(first_coded);
  std::shared_ptr<Network> network;
  Dataset dataset;
  NIC_RETURN_IF_ERROR(ReadNetwork(arguments.get("checkpoint"), &network));
  NIC_RETURN_IF_ERROR(Dataset::Load(arguments.get("data"), options.side, &dataset));
  Memory memory;
  DecoderModel decoder(memory);
  EncoderModel encoder(memory);
  NIC_RETURN_IF_ERROR(ExportModel(*network, dataset, options, memory, &decoder, &encoder,
                                  [](const char* what) { std::fprintf(stderr, "%s\n", what); }));
  size_t bytes = 0;
  NIC_RETURN_IF_ERROR(WriteModel(arguments.get("output"), identity, decoder, encoder, memory, &bytes));
  std::printf(
      "%s: %zu bytes, %d latent bits, latents to +-%d, coded from scale %d of %d, %.0f MAC per pixel to decode\n",
      arguments.get("output").c_str(), bytes, decoder.latent_bits, decoder.latent_high, decoder.first_coded_scale,
      decoder.scales, DecodeMacs(decoder));
  return {};
}

void PrintReports(const std::vector<TensorReport>& reports) {
  std::printf("graph,tensor,operation,low,high,bound_low,bound_high,at_bounds,fewest_weight_bits,mean_weight_bits\n");
  for (const TensorReport& r : reports) {
    std::printf("%s,%d,%d,%d,%d,%d,%d,%llu,%d,%.1f\n", r.graph.c_str(), r.number, static_cast<int>(r.operation), r.low,
                r.high, r.bound_low, r.bound_high, static_cast<unsigned long long>(r.at_bounds), r.fewest_weight_bits,
                r.mean_weight_bits);
  }
}

Status RunVerify(int count, char** texts) {
  Arguments arguments;
  NIC_RETURN_IF_ERROR(ParseArguments(count, texts, {"package", "checkpoint", "data", "limit", "threads"}, &arguments));
  if (!arguments.words.empty() || !arguments.has("package") || !arguments.has("checkpoint") || !arguments.has("data")) {
    return Usage("--package, --checkpoint and --data are wanted");
  }
  double limit = 1e6;
  NIC_RETURN_IF_ERROR(arguments.GetNumber("limit", 1, 1e6, &limit));
  NIC_RETURN_IF_ERROR(UseThreads(arguments));
  Memory memory;
  DecoderModel decoder(memory);
  EncoderModel encoder(memory);
  std::shared_ptr<Network> network;
  Dataset pictures;
  NIC_RETURN_IF_ERROR(ReadModel(arguments.get("package"), memory, &decoder, &encoder));
  NIC_RETURN_IF_ERROR(ReadNetwork(arguments.get("checkpoint"), &network));
  NIC_RETURN_IF_ERROR(CheckOrigin(decoder, network->shape()));
  NIC_RETURN_IF_ERROR(Dataset::Load(arguments.get("data"), 16, &pictures));
  pictures.Keep(static_cast<size_t>(limit));

  std::vector<TensorReport> reports;
  NIC_RETURN_IF_ERROR(InspectTensors(decoder, encoder, pictures.picture(0), {decoder.levels - 1, 0}, memory, &reports));
  PrintReports(reports);
  const std::vector<double> qualities = WholeLevels(*network);
  std::vector<RateIndex> rates;
  for (double quality : qualities) rates.push_back({static_cast<int>(quality), 0});
  const auto show = [&] { return [&, count = CountPictures()](size_t done) { count(done, pictures.size()); }; };
  std::vector<tools::CurvePoint> integer;
  Serial serial;
  NIC_RETURN_IF_ERROR(
      EvaluateCodec(std::move(decoder), std::move(encoder), pictures, rates, serial, memory, show(), &integer));
  const auto real = Evaluate(*network, pictures, qualities, torch::kCPU, show());
  std::printf("quality,float_bpp,float_psnr,integer_bpp,integer_psnr,rate_change_percent,psnr_change\n");
  for (size_t i = 0; i < real.size(); ++i) {
    std::printf("%g,%.5f,%.4f,%.5f,%.4f,%.3f,%.4f\n", qualities[i], real[i].bpp, real[i].psnr, integer[i].bpp,
                integer[i].psnr, (integer[i].bpp / real[i].bpp - 1) * 100, integer[i].psnr - real[i].psnr);
  }
  const auto cost = BdRateOf({"", "", real}, {"", "", integer}, tools::Metric::kPsnr);
  if (cost) std::printf("BD-rate of integers and real bytes against the float estimate: %.3f %%\n", *cost);
  return {};
}

Status WritePackage(const std::string& path, size_t before, const std::pmr::vector<uint8_t>& bytes) {
  NIC_RETURN_IF_ERROR(WriteFile(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
  std::printf("%s: %zu bytes, %zu before\n", path.c_str(), bytes.size(), before);
  return {};
}

Status PreviewInto(const Arguments& arguments, const PreviewOptions& options, const Dataset& pictures) {
  const std::string& path = arguments.words[0];
  std::vector<uint8_t> package;
  NIC_RETURN_IF_ERROR(ReadFile(path, &package));
  Memory memory;
  std::unique_ptr<PreparedModel> model;
  NIC_RETURN_IF_ERROR(PrepareModel(path, true, memory, &model));

  PreviewModel preview(memory);
  NIC_RETURN_IF_ERROR(FitPreview(*model, pictures, options, memory, CountPictures(), &preview));
  std::pmr::vector<uint8_t> bytes(&memory);
  NIC_RETURN_IF_ERROR(AddPreview(package, preview, memory, &bytes));
  NIC_RETURN_IF_ERROR(model->PreparePreview(std::move(preview), BestTarget(), memory));
  std::vector<PreviewReport> reports;
  NIC_RETURN_IF_ERROR(JudgePreview(*model, pictures, options, memory, &reports));
  std::printf("scale,psnr_against_means,psnr_against_source,means_against_source,work,time\n");
  for (const PreviewReport& report : reports) {
    std::printf("1/%d,%.2f,%.2f,%.2f,%.3f,%.3f\n", report.scale, report.psnr, report.source_psnr,
                report.mean_source_psnr, report.work, report.seconds / report.full_seconds);
  }
  return WritePackage(arguments.get("output"), package.size(), bytes);
}

Status LoadAll(const Arguments& arguments, size_t first, Dataset* pictures) {
  for (size_t i = first; i < arguments.words.size(); ++i) {
    Dataset more;
    NIC_RETURN_IF_ERROR(Dataset::Load(arguments.words[i], 1, &more));
    pictures->Append(std::move(more));
  }
  return {};
}

Status RunPreview(int count, char** texts) {
  Arguments arguments;
  NIC_RETURN_IF_ERROR(ParseArguments(count, texts, {"output", "kernel", "rates", "limit", "threads"}, &arguments));
  if (arguments.words.size() < 2 || !arguments.has("output")) {
    return Usage("a package, pictures and --output are wanted");
  }
  PreviewOptions options;
  double kernel = options.kernel;
  double rates = options.rates;
  double limit = 1e6;
  NIC_RETURN_IF_ERROR(arguments.GetNumber("kernel", 1, 5, &kernel));
  NIC_RETURN_IF_ERROR(arguments.GetNumber("rates", 1, 256, &rates));
  NIC_RETURN_IF_ERROR(arguments.GetNumber("limit", 1, 1e6, &limit));
  options.kernel = static_cast<int>(kernel);
  options.rates = static_cast<int>(rates);
  if (options.kernel % 2 == 0) return Usage("--kernel: none of 1, 3, 5");
  NIC_RETURN_IF_ERROR(UseThreads(arguments));
  Dataset pictures;
  NIC_RETURN_IF_ERROR(LoadAll(arguments, 1, &pictures));
  pictures.Keep(static_cast<size_t>(limit));
  return PreviewInto(arguments, options, pictures);
}

Status DeblockInto(const Arguments& arguments, const Dataset& pictures) {
  const std::string& path = arguments.words[0];
  std::vector<uint8_t> package;
  NIC_RETURN_IF_ERROR(ReadFile(path, &package));
  Memory memory;
  std::unique_ptr<PreparedModel> model;
  NIC_RETURN_IF_ERROR(PrepareModel(path, false, memory, &model));

  DeblockingModel deblocking(memory);
  NIC_RETURN_IF_ERROR(FitDeblocking(*model, pictures, {}, memory, CountPictures(), &deblocking));
  std::pmr::vector<uint8_t> section(&memory), bytes(&memory);
  WriteDeblockingSection(deblocking, &section);
  NIC_RETURN_IF_ERROR(SetSection(package, SectionType::kDeblocking, 0, section, memory, &bytes));
  std::vector<DeblockingReport> before, after;
  NIC_RETURN_IF_ERROR(JudgeDeblocking(*model, pictures, memory, &before));
  NIC_RETURN_IF_ERROR(model->PrepareDeblocking(deblocking, BestTarget(), memory));
  NIC_RETURN_IF_ERROR(JudgeDeblocking(*model, pictures, memory, &after));
  std::printf("level,psnr_before,psnr,edges_before,edges\n");
  for (size_t level = 0; level < before.size(); ++level) {
    std::printf("%zu,%.3f,%.3f,%.3f,%.3f\n", level, before[level].psnr, after[level].psnr, before[level].edges,
                after[level].edges);
  }
  return WritePackage(arguments.get("output"), package.size(), bytes);
}

Status RunDeblock(int count, char** texts) {
  Arguments arguments;
  NIC_RETURN_IF_ERROR(ParseArguments(count, texts, {"output", "limit"}, &arguments));
  if (arguments.words.size() < 2 || !arguments.has("output")) {
    return Usage("a package, pictures and --output are wanted");
  }
  double limit = 1e6;
  NIC_RETURN_IF_ERROR(arguments.GetNumber("limit", 1, 1e6, &limit));
  Dataset pictures;
  NIC_RETURN_IF_ERROR(LoadAll(arguments, 1, &pictures));
  pictures.Keep(static_cast<size_t>(limit));
  pictures.Unalign();
  return DeblockInto(arguments, pictures);
}

Status RunPack(int count, char** texts) {
  Arguments arguments;
  NIC_RETURN_IF_ERROR(ParseArguments(count, texts, {}, &arguments));
  if (arguments.words.size() != 2) return Usage("a folder and the pack's name are wanted");
  Dataset dataset;
  NIC_RETURN_IF_ERROR(Dataset::Load(arguments.words[0], 1, &dataset));
  return dataset.WritePack(arguments.words[1]);
}

Status RunHalve(int count, char** texts) {
  Arguments arguments;
  NIC_RETURN_IF_ERROR(ParseArguments(count, texts, {}, &arguments));
  if (arguments.words.size() != 2) return Usage("a checkpoint and the new file's name are wanted");
  std::shared_ptr<Network> network;
  NIC_RETURN_IF_ERROR(ReadNetwork(arguments.words[0], &network));
  return WriteSafetensors(arguments.words[1], StoreNetwork(*network, true));
}

Status Dispatch(const std::string& command, int count, char** texts) {
  if (command == "train") return RunTrain(count, texts);
  if (command == "eval") return RunEvaluate(count, texts);
  if (command == "export") return RunExport(count, texts);
  if (command == "verify") return RunVerify(count, texts);
  if (command == "deblock") return RunDeblock(count, texts);
  if (command == "preview") return RunPreview(count, texts);
  if (command == "halve") return RunHalve(count, texts);
  if (command == "pack") return RunPack(count, texts);
  if (command.empty()) return Usage("no command given");
  return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "'%.60s' is no command", command.c_str());
}

bool IsHelp(const std::string& text) { return text == "--help" || text == "-h"; }

int Print(const char* text) {
  if (std::fputs(text, stdout) >= 0 && std::fflush(stdout) == 0) return 0;
  std::perror("nictrain: cannot write to standard output");
  return 1;
}

int Run(int count, char** texts) {
  const std::string command = count > 1 ? texts[1] : "";
  if (command == "--version") return Print((std::string("nictrain ") + nic_version() + "\n").c_str());
  if (IsHelp(command)) return Print(FindHelp(""));
  const bool known = !command.empty() && FindHelp(command);
  if (known && std::any_of(texts + 2, texts + count, IsHelp)) return Print(FindHelp(command));
  const Status status = Dispatch(command, count - 2, texts + 2);
  if (status.ok()) return 0;
  const std::string said = "nictrain: " + (known ? command + ": " : "") + status.message();
  if (status.code() != NIC_INVALID_ARGUMENT) {
    std::fprintf(stderr, "%s\n", said.c_str());
    return 1;
  }
  std::fprintf(stderr, "%s; see 'nictrain %s--help'\n", said.c_str(), (known ? command + " " : "").c_str());
  return 2;
}

}  // namespace
}  // namespace nic

// LibTorch reports its errors by exceptions.
int main(int count, char** texts) {
  try {
    nic::KeepFreedMemory();
    return nic::Run(count, texts);
  } catch (const std::exception& error) {
    const std::string what = error.what();  // of LibTorch's many lines the first tells what went wrong
    std::fprintf(stderr, "nictrain: %s\n", what.substr(0, what.find('\n')).c_str());
    return 1;
  }
}
