// nicbench: measures rate, distortion, speed and exactness of nic beside other codecs.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "nic/nic.h"
#include "nicbench/compare.h"
#include "nicbench/exact.h"
#include "nicbench/help_formatter.h"
#include "nicbench/launcher.h"
#include "nicbench/mosaic.h"
#include "nicbench/plot.h"
#include "nicbench/psnr.h"
#include "nicbench/rd.h"
#include "nicbench/speed.h"
#include "nicbench/usage.h"
#include "tools/output_file.h"
#include "tools/report.h"

namespace {

using namespace nic::bench;

constexpr char kCodecNames[] = "jpeg, webp, jpeg2000, avif, jxl, heic";

// The launcher must be the first thing to be made, so it is passed to where a command needs it.
struct Commands {
  RdOptions rd;
  SpeedOptions speed;
  ExactOptions exact;
  CompareOptions compare;
  PlotOptions plot;
  PsnrOptions psnr;
  MosaicOptions mosaic;
  UsageOptions usage;
  Launcher* launcher = nullptr;
  int status = 0;
};

void AddNic(CLI::App* app, NicOptions* nic) {
  app->add_option("-m,--model", nic->model, "model package or name (default: the embedded one)")
      ->type_name("FILE|NAME");
  app->add_option("-e,--effort", nic->effort, "the encoder's effort (default: the library's)")
      ->type_name("N")
      ->check(CLI::Range(1, 9));
}

void AddThreads(CLI::App* app, NicOptions* nic) {
  app->add_option("-t,--threads", nic->threads, "threads of every codec (default 1)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
}

void AddPeers(CLI::App* app, std::vector<std::string>* peers) {
  *peers = {"all"};
  app->add_option("--peers", *peers,
                  std::string("codecs to measure beside it: all (default), none, or some of ") + kCodecNames)
      ->type_name("NAME,..")
      ->delimiter(',')
      ->allow_extra_args(false);
}

void AddRd(CLI::App* main, Commands* commands) {
  CLI::App* app = main->add_subcommand("rd", "rate and distortion on a folder of pictures, and BD-rates");
  RdOptions& options = commands->rd;
  app->add_option("FOLDER", options.pictures, "pictures (PNG, JPEG, PNM), or one picture")->required();
  AddNic(app, &options.nic);
  AddThreads(app, &options.nic);
  app->add_option("--steps", options.steps, "rates from one gain level to the next (default 2)")
      ->type_name("N")
      ->check(CLI::Range(1, 256));
  app->add_option("--rates", options.rates, "rates s+l instead of all in steps, as in 0,3+128,7")
      ->type_name("RATE,..")
      ->delimiter(',')
      ->allow_extra_args(false);
  app->add_option("--name", options.name, "name of nic's curve (default: the model's)")->type_name("NAME");
  AddPeers(app, &options.peers);
  app->add_option("--against", options.against, "curves of a JSON file to compare with; repeatable")
      ->type_name("FILE[:NAME,..]")
      ->allow_extra_args(false);
  app->add_option("--csv", options.csv, "write every sample")->type_name("FILE");
  app->add_option("--json", options.json, "write averages and samples")->type_name("FILE");
  app->add_flag("--each", options.each, "print every picture's figures too");
  app->final_callback([commands] { commands->status = RunRd(commands->rd, commands->launcher); });
}

void AddSpeed(CLI::App* main, Commands* commands) {
  CLI::App* app = main->add_subcommand("speed", "megapixels a second of encoding and decoding at the same bytes");
  SpeedOptions& options = commands->speed;
  app->add_option("FOLDER", options.pictures, "pictures, or one picture")->required();
  AddNic(app, &options.nic);
  options.threads = {1, 2};
  app->add_option("-t,--threads", options.threads, "counts of threads (default 1,2)")
      ->type_name("N,..")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(1, 1024));
  app->add_option("--bpp", options.bpp, "the rate of all codecs (default 0.75)")
      ->type_name("BPP")
      ->check(CLI::PositiveNumber);
  app->add_option("--rounds", options.rounds, "how often each is measured (default 5)")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
  AddPeers(app, &options.peers);
  app->add_option("--json", options.json, "write the figures")->type_name("FILE");
  app->final_callback([commands] { commands->status = RunSpeed(commands->speed, commands->launcher); });
}

void AddExact(CLI::App* main, Commands* commands) {
  CLI::App* app = main->add_subcommand("exact", "the same bytes and pixels under all vector targets and thread counts");
  ExactOptions& options = commands->exact;
  app->add_option("FOLDER", options.pictures, "pictures, or one picture")->required();
  AddNic(app, &options.nic);
  app->add_option("--targets", options.targets, "vector targets (default: all that this processor has)")
      ->type_name("NAME,..")
      ->delimiter(',')
      ->allow_extra_args(false);
  options.threads = {1, 2, 3};
  app->add_option("-t,--threads", options.threads, "counts of threads (default 1,2,3)")
      ->type_name("N,..")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(1, 1024));
  app->add_option("--rates", options.rates, "rates s+l (default: five over the model's range)")
      ->type_name("RATE,..")
      ->delimiter(',')
      ->allow_extra_args(false);
  app->add_option("--json", options.json, "write the hashes")->type_name("FILE");
  app->add_option("--expect", options.expect, "hashes that another machine wrote with --json")->type_name("FILE");
  app->final_callback([commands] { commands->status = RunExact(commands->exact); });
}

void AddCompare(CLI::App* main, Commands* commands) {
  CLI::App* app = main->add_subcommand("compare", "the original and each codec at the same bytes, side by side");
  CompareOptions& options = commands->compare;
  app->add_option("IMAGE", options.picture, "the picture")->required();
  app->add_option("-o,--output", options.output, "the strip to write (png, ppm)")->type_name("FILE")->required();
  CLI::Option* bytes = app->add_option("--bytes", options.bytes, "size of each file")->type_name("N");
  CLI::Option* bpp = app->add_option("--bpp", options.bpp, "the same as bits for each pixel")->type_name("BPP");
  bytes->excludes(bpp)->check(CLI::PositiveNumber);
  bpp->check(CLI::PositiveNumber);
  app->add_option("--crop", options.crop, "the part to show, of the whole decoded picture")->type_name("WxH+X+Y");
  app->add_option("--zoom", options.zoom, "enlarge every pixel (default 1)")->type_name("N")->check(CLI::Range(1, 16));
  app->add_option("--columns", options.columns, "tiles in a row (default: all)")
      ->type_name("N")
      ->check(CLI::Range(1, 64));
  AddNic(app, &options.nic);
  AddPeers(app, &options.peers);
  app->final_callback([commands] { commands->status = RunCompare(commands->compare, commands->launcher); });
}

void AddPlot(CLI::App* main, Commands* commands) {
  CLI::App* app = main->add_subcommand("plot", "draws what rd or speed wrote as JSON, as SVG or PNG");
  PlotOptions& options = commands->plot;
  app->add_option("FILE", options.inputs, "FILE or FILE:NAME,.. of rd or of published curves; one FILE of speed")
      ->required();
  app->add_option("-o,--output", options.output, "svg, or png where rsvg-convert is installed")
      ->type_name("FILE")
      ->required();
  app->add_option("--metric", options.metric, "psnr (default) or ms-ssim")->check(CLI::IsMember({"psnr", "ms-ssim"}));
  app->add_option("--title", options.title, "line above the plot")->type_name("TEXT");
  app->add_option("--max-bpp", options.max_bpp, "end of the axis (default 2)")
      ->type_name("BPP")
      ->check(CLI::PositiveNumber);
  app->add_option("--highlight", options.highlight, "curve to draw bold (default: the first)")->type_name("NAME");
  app->final_callback([commands] { commands->status = RunPlot(commands->plot, commands->launcher); });
}

void AddPsnr(CLI::App* main, Commands* commands) {
  CLI::App* app = main->add_subcommand("psnr", "PSNR and MS-SSIM of two pictures");
  app->add_option("A", commands->psnr.a, "a picture")->required();
  app->add_option("B", commands->psnr.b, "another of the same size")->required();
  app->add_flag("--json", commands->psnr.json, "print JSON");
  app->final_callback([commands] { commands->status = RunPsnr(commands->psnr); });
}

void AddMosaic(CLI::App* main, Commands* commands) {
  CLI::App* app = main->add_subcommand("mosaic", "a large picture assembled of a folder's pictures");
  MosaicOptions& options = commands->mosaic;
  app->add_option("FOLDER", options.pictures, "pictures, or one picture")->required();
  app->add_option("-o,--output", options.output, "the picture to write (png, ppm)")->type_name("FILE")->required();
  app->add_option("--width", options.width, "in pixels (default 6000)")->type_name("N")->check(CLI::PositiveNumber);
  app->add_option("--height", options.height, "in pixels (default 4000)")->type_name("N")->check(CLI::PositiveNumber);
  app->final_callback([commands] { commands->status = RunMosaic(commands->mosaic); });
}

void AddUsage(CLI::App* main, Commands* commands) {
  CLI::App* app = main->add_subcommand("usage", "seconds, CPU seconds and peak MiB of a program");
  UsageOptions& options = commands->usage;
  app->add_option("--rounds", options.rounds, "how often it is run (default 1)")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
  app->add_option("COMMAND", options.command, "the program and its arguments, after --")->required();
  app->final_callback([commands] { commands->status = RunUsage(commands->usage, commands->launcher); });
}

int UsageError(const std::string& text) {
  std::fprintf(stderr, "nicbench: %s; see 'nicbench --help'\n", nic::tools::OneLine(text).c_str());
  return nic::tools::kExitUsage;
}

}  // namespace

int main(int argc, char** argv) {
  Launcher launcher;
  nic::tools::IgnoreWriteSignals();
  const nic::tools::Outcome started = launcher.Start();
  if (!started.ok()) {
    nic::tools::Report("nicbench", false, false).Error("", started);
    return started.exit_status();
  }
  Commands commands;
  commands.launcher = &launcher;
  CLI::App app("Measures rate, distortion, speed and exactness of nic beside other codecs.", "nicbench");
  app.formatter(std::make_shared<HelpFormatter>());  // commands inherit it
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("nicbench ") + nic_version());
  for (auto* add : {AddRd, AddSpeed, AddExact, AddCompare, AddPlot, AddPsnr, AddMosaic, AddUsage}) add(&app, &commands);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::fputs(app.help().c_str(), stdout);
  } catch (const CLI::CallForVersion& version) {
    std::printf("%s\n", version.what());
  } catch (const CLI::ParseError& error) {
    return UsageError(error.what());
  }
  return commands.status;
}
