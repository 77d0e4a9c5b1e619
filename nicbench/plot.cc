#include "nicbench/plot.h"

#include <filesystem>

#include "nicbench/chart.h"
#include "tools/curve.h"
#include "nicbench/speed_chart.h"
#include "tools/output_file.h"
#include "tools/report.h"

namespace nic::bench {
namespace {

using nlohmann::json;
using tools::Outcome;

constexpr char kRasteriser[] = "rsvg-convert";

std::string PathOf(const std::string& input) {
  return std::filesystem::exists(input) ? input : input.substr(0, input.rfind(':'));
}

// "rd", "speed", or "" for curves from elsewhere.
std::string KindOf(const json& file) {
  const bool known = file.is_object() && file.contains("kind") && file["kind"].is_string();
  return known ? file["kind"].get<std::string>() : "";
}

Outcome DrawSpeedFile(const PlotOptions& options, const json& file, std::string* svg) {
  std::vector<SpeedRow> rows;
  try {
    for (const json& entry : file.at("entries")) {
      rows.push_back({entry.at("codec").get<std::string>(), entry.at("threads").get<int>(),
                      entry.value("encode_mp_s", 0.0), entry.value("decode_mp_s", 0.0)});
    }
  } catch (const json::exception& error) {
    return Outcome::Failure(tools::kExitMalformed, "no speeds", error.what());
  }
  *svg = DrawSpeeds(options.title.empty() ? "Speed at the same size of file" : options.title, rows);
  return {};
}

Outcome DrawCurveFiles(const PlotOptions& options, std::string* svg) {
  CurveChart chart;
  chart.metric = options.metric == "psnr" ? tools::Metric::kPsnr : tools::Metric::kMsSsim;
  chart.title = options.title.empty() ? std::string(tools::NameOf(chart.metric)) + " over rate" : options.title;
  chart.max_bpp = options.max_bpp;
  for (const std::string& input : options.inputs) {
    json file;
    std::vector<tools::Curve> curves;
    NIC_TOOLS_RETURN_IF_FAILED(tools::ReadJson(PathOf(input), &file));
    NIC_TOOLS_RETURN_IF_FAILED(tools::ReadCurves(input, &curves));
    for (tools::Curve& curve : curves) chart.curves.push_back({std::move(curve), KindOf(file) == "rd"});
  }
  chart.highlight = options.highlight;
  if (chart.highlight.empty() && !chart.curves.empty()) chart.highlight = chart.curves.front().curve.name;
  *svg = DrawCurves(chart);
  return {};
}

Outcome WriteText(const std::string& path, const std::string& text) {
  tools::OutputFile file;
  NIC_TOOLS_RETURN_IF_FAILED(file.Open(path));
  NIC_TOOLS_RETURN_IF_FAILED(file.Write(text.data(), text.size()));
  return file.Commit();
}

Outcome WriteChart(const std::string& path, const std::string& svg, Launcher* launcher) {
  const std::string extension = std::filesystem::path(path).extension().string();
  if (extension == ".svg") return WriteText(path, svg);
  if (extension != ".png") return Outcome::Failure(tools::kExitUsage, path, "a chart is written as .svg or .png");
  if (!IsInstalled(kRasteriser)) {
    return Outcome::Failure(tools::kExitFailure, "rsvg-convert is not installed",
                            "PNG needs it (package librsvg2-bin); SVG does not");
  }
  const std::string drawing = launcher->scratch() + "/chart.svg";
  NIC_TOOLS_RETURN_IF_FAILED(WriteText(drawing, svg));
  return launcher->Run({kRasteriser, "-z", "2", "-o", path, drawing}, nullptr);
}

Outcome Plot(const PlotOptions& options, Launcher* launcher) {
  json first;
  NIC_TOOLS_RETURN_IF_FAILED(tools::ReadJson(PathOf(options.inputs.front()), &first));
  std::string svg;
  if (KindOf(first) == "speed") {
    NIC_TOOLS_RETURN_IF_FAILED(DrawSpeedFile(options, first, &svg));
  } else {
    NIC_TOOLS_RETURN_IF_FAILED(DrawCurveFiles(options, &svg));
  }
  if (svg.empty()) return Outcome::Failure(tools::kExitFailure, "nothing to draw");
  return WriteChart(options.output, svg, launcher);
}

}  // namespace

int RunPlot(const PlotOptions& options, Launcher* launcher) {
  tools::Report report("nicbench", false, false);
  const Outcome outcome = Plot(options, launcher);
  report.Error("", outcome);
  return outcome.exit_status();
}

}  // namespace nic::bench
