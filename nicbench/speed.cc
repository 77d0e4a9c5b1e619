#include "nicbench/speed.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include "tools/curve.h"
#include "nicbench/machine.h"
#include "nicbench/peers.h"
#include "nicbench/picture_file.h"
#include "tools/progress.h"
#include "nicbench/runner.h"
#include "nicbench/table.h"
#include "tools/report.h"

namespace nic::bench {
namespace {

using tools::Outcome;
using tools::Progress;

double Median(std::vector<double> values) {
  const size_t middle = values.size() / 2;
  std::sort(values.begin(), values.end());
  return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// Encoding or decoding by one runner, over all pictures.
struct Figure {
  double pixels = 0;
  double seconds = 0;  // sum over the pictures of the median over the rounds
  double cpu_seconds = 0;
  uint64_t peak_memory = 0;
  std::vector<Usage> rounds;  // of the picture at hand

  double megapixels_a_second() const { return seconds > 0 ? pixels / 1e6 / seconds : 0; }
  // What one core would do in a second that it has for itself.
  double megapixels_a_cpu_second() const { return cpu_seconds > 0 ? pixels / 1e6 / cpu_seconds : 0; }
  void Add(const Usage& usage) {
    rounds.push_back(usage);
    peak_memory = std::max(peak_memory, usage.peak_memory);
  }
  void FinishPicture();
};

void Figure::FinishPicture() {
  std::vector<double> wall, cpu;
  for (const Usage& usage : rounds) {
    wall.push_back(usage.seconds);
    cpu.push_back(usage.cpu_seconds);
  }
  seconds += Median(wall);
  cpu_seconds += Median(cpu);
}

struct Entry {
  std::unique_ptr<Runner> runner;
  bool encodes = true;  // false where its programs would only repeat the figures for one thread
  bool decodes = true;
  Figure encoding;
  Figure decoding;
  double bytes = 0;
  bool failed = false;

  // Of the picture at hand.
  double rate = 0;
  Coded coded;
};

class SpeedRun {
 public:
  SpeedRun(const SpeedOptions& options, Launcher* launcher) : options_(options), launcher_(launcher) {}

  Outcome Prepare();
  void Measure();
  void Print() const;
  Outcome Write() const;
  bool failed() const { return failures_ > 0; }

 private:
  Outcome AddEntries(int threads, const std::vector<const ProgramDescription*>& peers);
  void Add(std::unique_ptr<Runner> runner) { entries_.emplace_back().runner = std::move(runner); }
  void MeasurePicture(const Source& source, Progress* progress);
  void MeasureOnce(Entry* entry, const Source& source, Progress* progress);
  void Fail(Entry* entry, const std::string& picture, const Outcome& outcome, Progress* progress);

  const SpeedOptions& options_;
  Launcher* launcher_;
  tools::Report report_{"nicbench", false, false};
  std::vector<std::string> files_;
  std::vector<Entry> entries_;
  int failures_ = 0;
};

Outcome SpeedRun::AddEntries(int threads, const std::vector<const ProgramDescription*>& peers) {
  std::unique_ptr<Runner> runner;
  NIC_TOOLS_RETURN_IF_FAILED(MakeLibraryRunner(options_.nic, threads, &runner));
  Add(std::move(runner));
  const Outcome outcome = MakeNicProgramRunner(options_.nic, threads, launcher_, &runner);
  if (outcome.ok()) {
    Add(std::move(runner));
  } else {
    report_.Note("", outcome.text());
  }
  for (const ProgramDescription* peer : peers) {
    const bool first = threads == options_.threads.front();
    if (!first && !peer->encodes_threaded() && !peer->decodes_threaded()) continue;
    Add(MakeProgramRunner(*peer, threads, launcher_));
    entries_.back().encodes = first || peer->encodes_threaded();
    entries_.back().decodes = first || peer->decodes_threaded();
  }
  return {};
}

Outcome SpeedRun::Prepare() {
  NIC_TOOLS_RETURN_IF_FAILED(ListPictures(options_.pictures, &files_));
  std::vector<const ProgramDescription*> peers;
  std::vector<std::string> skipped;
  NIC_TOOLS_RETURN_IF_FAILED(SelectPeers(options_.peers, &peers, &skipped));
  for (const std::string& text : skipped) report_.Note("", text);
  for (const int threads : options_.threads) NIC_TOOLS_RETURN_IF_FAILED(AddEntries(threads, peers));
  return {};
}

void SpeedRun::Fail(Entry* entry, const std::string& picture, const Outcome& outcome, Progress* progress) {
  progress->Wipe();
  report_.Error(picture + ", " + entry->runner->name(), outcome);
  entry->failed = true;
  ++failures_;
}

void SpeedRun::MeasureOnce(Entry* entry, const Source& source, Progress* progress) {
  Usage usage;
  if (entry->encodes) {
    const Outcome outcome = entry->runner->Encode(source, entry->rate, &usage);
    if (!outcome.ok()) return Fail(entry, source.name, outcome, progress);
    entry->encoding.Add(usage);
  }
  if (entry->decodes) {
    const Outcome outcome = entry->runner->Decode(entry->coded, &usage);
    if (!outcome.ok()) return Fail(entry, source.name, outcome, progress);
    entry->decoding.Add(usage);
  }
}

void SpeedRun::MeasurePicture(const Source& source, Progress* progress) {
  const auto budget = static_cast<uint64_t>(options_.bpp * source.pixels() / 8);
  for (Entry& entry : entries_) {
    if (entry.failed) continue;
    progress->Show(source.name + ", rate of " + entry.runner->name());
    entry.encoding.rounds.clear();
    entry.decoding.rounds.clear();
    const Outcome outcome = EncodeWithin(entry.runner->codec(), source, budget, &entry.coded, &entry.rate);
    if (!outcome.ok()) Fail(&entry, source.name, outcome, progress);
  }
  for (int round = 0; round < options_.rounds; ++round) {
    for (Entry& entry : entries_) {
      progress->Show(source.name + ", round " + std::to_string(round + 1) + ", " + entry.runner->name());
      if (!entry.failed) MeasureOnce(&entry, source, progress);
      progress->Advance();
    }
  }
  for (Entry& entry : entries_) {
    if (entry.failed) continue;
    entry.bytes += static_cast<double>(entry.coded.bytes.size());
    for (Figure* figure : {&entry.encoding, &entry.decoding}) figure->pixels += source.pixels();
    if (entry.encodes) entry.encoding.FinishPicture();
    if (entry.decodes) entry.decoding.FinishPicture();
  }
}

void SpeedRun::Measure() {
  Progress progress(files_.size() * static_cast<size_t>(options_.rounds) * entries_.size());
  for (const std::string& path : files_) {
    Source source;
    const Outcome outcome = LoadSource(path, launcher_->scratch(), &source);
    if (outcome.ok()) {
      MeasurePicture(source, &progress);
      continue;
    }
    progress.Wipe();
    report_.Error(path, outcome);
    ++failures_;
    progress.Advance(static_cast<size_t>(options_.rounds) * entries_.size());
  }
}

// The entry for nic's programs with that many threads, which the others are compared with.
const Entry* FindNic(const std::vector<Entry>& entries, int threads) {
  for (const Entry& entry : entries) {
    if (entry.runner->name() == "nic" && entry.runner->threads() == threads && !entry.failed) return &entry;
  }
  return nullptr;
}

std::string Ratio(const Figure& figure, const Figure* reference) {
  if (!reference || reference->megapixels_a_second() <= 0) return "";
  return Fixed(figure.megapixels_a_second() / reference->megapixels_a_second(), 2);
}

std::string Mebibytes(uint64_t bytes) { return Fixed(static_cast<double>(bytes) / (1 << 20), 1); }

void SpeedRun::Print() const {
  std::printf("Megapixels a second at %s bpp: %zu pictures, %d rounds; x: as a multiple of nic's programs\n\n",
              Fixed(options_.bpp, 2).c_str(), files_.size(), options_.rounds);
  Table table(
      {"<codec", "threads", "bpp", "encode MP/s", "x", "MP/CPU s", "MiB", "decode MP/s", "x", "MP/CPU s", "MiB"});
  for (const Entry& entry : entries_) {
    if (entry.failed || entry.encoding.pixels == 0) continue;
    const Entry* nic = FindNic(entries_, entry.runner->threads());
    std::vector<std::string> cells = {entry.runner->name(), std::to_string(entry.runner->threads()),
                                      Fixed(8 * entry.bytes / entry.encoding.pixels, 3)};
    for (const bool encodes : {true, false}) {
      const Figure& figure = encodes ? entry.encoding : entry.decoding;
      const Figure* reference = nic ? (encodes ? &nic->encoding : &nic->decoding) : nullptr;
      const bool measured = encodes ? entry.encodes : entry.decodes;
      cells.push_back(measured ? Fixed(figure.megapixels_a_second(), 2) : "");
      cells.push_back(measured ? Ratio(figure, reference) : "");
      cells.push_back(measured ? Fixed(figure.megapixels_a_cpu_second(), 2) : "");
      cells.push_back(measured ? Mebibytes(figure.peak_memory) : "");
    }
    table.Add(cells);
  }
  std::fputs(table.Text().c_str(), stdout);
}

Outcome SpeedRun::Write() const {
  if (options_.json.empty()) return {};
  nlohmann::json json = {{"kind", "speed"},
                         {"bpp", options_.bpp},
                         {"rounds", options_.rounds},
                         {"pictures", files_.size()},
                         {"machine", DescribeMachine()}};
  json["what"] =
      "Megapixels a second over all pictures, the median over the rounds for each; nic (library): inside one process, "
      "the rest: whole processes with start-up, reading and writing files; memory: most bytes resident at once, for "
      "nic "
      "(library) held by the library";
  for (const Entry& entry : entries_) {
    if (entry.failed || entry.encoding.pixels == 0) continue;
    nlohmann::json row = {{"codec", entry.runner->name()},
                          {"threads", entry.runner->threads()},
                          {"settings", entry.runner->codec()->settings()},
                          {"bpp", 8 * entry.bytes / entry.encoding.pixels}};
    if (entry.encodes) row["encode_mp_s"] = entry.encoding.megapixels_a_second();
    if (entry.encodes) row["encode_mp_cpu_s"] = entry.encoding.megapixels_a_cpu_second();
    if (entry.encodes) row["encode_memory"] = entry.encoding.peak_memory;
    if (entry.decodes) row["decode_mp_s"] = entry.decoding.megapixels_a_second();
    if (entry.decodes) row["decode_mp_cpu_s"] = entry.decoding.megapixels_a_cpu_second();
    if (entry.decodes) row["decode_memory"] = entry.decoding.peak_memory;
    json["entries"].push_back(row);
  }
  return tools::WriteJson(options_.json, json);
}

}  // namespace

int RunSpeed(const SpeedOptions& options, Launcher* launcher) {
  tools::Report report("nicbench", false, false);
  SpeedRun run(options, launcher);
  Outcome outcome = run.Prepare();
  if (outcome.ok()) {
    run.Measure();
    run.Print();
    outcome = run.Write();
  }
  report.Error("", outcome);
  if (!outcome.ok()) return outcome.exit_status();
  return run.failed() ? tools::kExitFailure : tools::kExitOk;
}

}  // namespace nic::bench
