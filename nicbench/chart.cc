#include "nicbench/chart.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "nicbench/axis.h"
#include "nicbench/svg.h"

namespace nic::bench {
namespace {

// Colours that stay apart for most eyes and on paper.
constexpr std::array kColours = {"#d1382c", "#1f6fb4", "#2a9a44", "#8b4fb3", "#e08a1e",
                                 "#11a0a8", "#7a5a3c", "#c2489a", "#5b6670", "#98a21f"};
constexpr char kGrid[] = "#e3e3e3";
constexpr char kFaint[] = "#b5b5b5";
constexpr char kAxisColour[] = "#444";

struct Frame {
  double left, top, right, bottom;
};

constexpr double kWidth = 900;
constexpr double kHeight = 580;
constexpr Frame kCurveFrame = {64, 48, 690, 520};
constexpr double kLabelDistance = 16;

// A curve as it will be drawn: its points up to the end of the axis, in bpp and dB.
struct Trace {
  std::string name;
  std::vector<Point> points;
  size_t dots = 0;  // the points that were measured, without one at the axis' end
  bool measured;
  bool bold;
};

Trace MakeTrace(const ChartCurve& source, const CurveChart& chart) {
  Trace trace = {source.curve.name, {}, 0, source.measured, source.curve.name == chart.highlight};
  std::vector<Point> all;
  for (const tools::CurvePoint& point : source.curve.points) {
    const double quality = tools::QualityOf(point, chart.metric);
    if (std::isfinite(quality) && std::isfinite(point.bpp)) all.push_back({point.bpp, quality});
  }
  std::sort(all.begin(), all.end(), [](const Point& a, const Point& b) { return a.x < b.x; });
  for (const Point& point : all) {
    if (point.x <= chart.max_bpp) trace.points.push_back(point);
  }
  trace.dots = trace.points.size();
  if (trace.dots > 0 && trace.dots < all.size()) {
    const Point& a = all[trace.dots - 1];
    const Point& b = all[trace.dots];
    trace.points.push_back({chart.max_bpp, a.y + (b.y - a.y) * (chart.max_bpp - a.x) / (b.x - a.x)});
  }
  return trace;
}

Axis MakeQualityAxis(const std::vector<Trace>& traces) {
  double low = 1e9;
  double high = -1e9;
  for (const Trace& trace : traces) {
    for (const Point& point : trace.points) {
      low = std::min(low, point.y);
      high = std::max(high, point.y);
    }
  }
  return Axis(std::floor(low), std::ceil(high + 0.2), kCurveFrame.bottom, kCurveFrame.top);
}

void DrawFrame(const Axis& x, const Axis& y, const std::string& y_name, Svg* svg) {
  const Frame& frame = kCurveFrame;
  for (const double tick : y.Ticks(10)) {
    svg->Line({frame.left, y.At(tick)}, {frame.right, y.At(tick)}, {.colour = kGrid});
    svg->Text({frame.left - 8, y.At(tick) + 4}, TickText(tick), {.anchor = Anchor::kEnd});
  }
  for (const double tick : x.Ticks(10)) {
    svg->Line({x.At(tick), frame.top}, {x.At(tick), frame.bottom}, {.colour = kGrid});
    svg->Text({x.At(tick), frame.bottom + 18}, TickText(tick), {.anchor = Anchor::kMiddle});
  }
  svg->Line({frame.left, frame.bottom}, {frame.right, frame.bottom}, {.colour = kAxisColour});
  svg->Line({frame.left, frame.top}, {frame.left, frame.bottom}, {.colour = kAxisColour});
  const double middle_x = (frame.left + frame.right) / 2;
  const double middle_y = (frame.top + frame.bottom) / 2;
  svg->Text({middle_x, frame.bottom + 42}, "bits per pixel", {.anchor = Anchor::kMiddle});
  svg->Text({18, middle_y}, y_name + " (dB)", {.anchor = Anchor::kMiddle, .angle = -90});
}

void DrawTrace(const Trace& trace, const std::string& colour, const Axis& x, const Axis& y, Svg* svg) {
  std::vector<Point> points;
  for (const Point& point : trace.points) points.push_back({x.At(point.x), y.At(point.y)});
  svg->Polyline(points, {colour, trace.bold ? 3.2 : 1.6, trace.measured ? "" : "5 4"});
  if (!trace.measured) return;
  for (size_t i = 0; i < trace.dots; ++i) svg->Disc(points[i], trace.bold ? 3.4 : 2.2, colour);
}

// The names at the right, each near its curve's end and tied to it.
void DrawNames(const std::vector<Trace>& traces, const std::vector<std::string>& colours, const Axis& x, const Axis& y,
               Svg* svg) {
  std::vector<double> wanted;
  for (const Trace& trace : traces) wanted.push_back(y.At(trace.points.back().y));
  const std::vector<double> placed =
      SpreadOut(wanted, kLabelDistance, kCurveFrame.top, kCurveFrame.bottom - kLabelDistance / 2);
  for (size_t i = 0; i < traces.size(); ++i) {
    const Point end = {x.At(traces[i].points.back().x), wanted[i]};
    svg->Line({end.x + 4, end.y}, {kCurveFrame.right + 14, placed[i]}, {.colour = kFaint, .width = 0.8});
    svg->Text({kCurveFrame.right + 18, placed[i] + 4}, traces[i].name, {.colour = colours[i], .bold = traces[i].bold});
  }
}

}  // namespace

std::string DrawCurves(const CurveChart& chart) {
  std::vector<Trace> traces;
  for (const ChartCurve& curve : chart.curves) {
    Trace trace = MakeTrace(curve, chart);
    if (trace.points.size() >= 2) traces.push_back(std::move(trace));
  }
  if (traces.empty()) return "";
  const Axis x(0, chart.max_bpp, kCurveFrame.left, kCurveFrame.right);
  const Axis y = MakeQualityAxis(traces);
  Svg svg(kWidth, kHeight);
  svg.Text({kCurveFrame.left, 28}, chart.title, {.size = 16, .bold = true});
  DrawFrame(x, y, tools::NameOf(chart.metric), &svg);
  std::vector<std::string> colours;
  for (size_t i = 0; i < traces.size(); ++i) colours.push_back(kColours[i % kColours.size()]);
  // Back to front, so that the first curve, and a bold one even more, lies on top.
  for (const bool bold : {false, true}) {
    for (size_t i = traces.size(); i-- > 0;) {
      if (traces[i].bold == bold) DrawTrace(traces[i], colours[i], x, y, &svg);
    }
  }
  DrawNames(traces, colours, x, y, &svg);
  return svg.Finish();
}

}  // namespace nic::bench
