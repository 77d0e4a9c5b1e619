#include "nicbench/speed_chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "nicbench/axis.h"
#include "nicbench/svg.h"
#include "nicbench/table.h"

namespace nic::bench {
namespace {

constexpr std::array kColours = {"#d1382c", "#1f6fb4", "#2a9a44", "#8b4fb3", "#e08a1e"};
constexpr char kGrid[] = "#e3e3e3";
constexpr double kRowHeight = 26;
constexpr double kTop = 84;
constexpr double kLeft = 120;
constexpr double kPanelWidth = 320;
constexpr double kPanelGap = 100;  // room for the figures behind the fastest
constexpr double kRadius = 5;

class SpeedChart {
 public:
  SpeedChart(const std::string& title, const std::vector<SpeedRow>& rows);

  bool empty() const { return high_ <= 0; }
  std::string Draw();

 private:
  double Line(size_t name) const { return kTop + kRowHeight * (static_cast<double>(name) + 0.5); }
  void DrawLegend();
  void DrawPanel(const std::string& heading, double SpeedRow::*speed, double left);
  void DrawGrid(const Axis& axis);
  void DrawLine(size_t name, double SpeedRow::*speed, const Axis& axis);

  const std::string& title_;
  const std::vector<SpeedRow>& rows_;
  std::vector<std::string> names_;
  std::vector<int> threads_;
  double low_ = 1e9;
  double high_ = 0;
  double bottom_ = 0;
  Svg svg_{0, 0};
};

template <typename T>
void AddOnce(const T& value, std::vector<T>* values) {
  if (std::find(values->begin(), values->end(), value) == values->end()) values->push_back(value);
}

SpeedChart::SpeedChart(const std::string& title, const std::vector<SpeedRow>& rows) : title_(title), rows_(rows) {
  for (const SpeedRow& row : rows) {
    AddOnce(row.name, &names_);
    AddOnce(row.threads, &threads_);
    for (const double speed : {row.encode, row.decode}) {
      if (speed > 0) low_ = std::min(low_, speed);
      high_ = std::max(high_, speed);
    }
  }
  bottom_ = kTop + kRowHeight * static_cast<double>(names_.size());
  svg_ = Svg(kLeft + 2 * (kPanelWidth + kPanelGap), bottom_ + 34);
}

void SpeedChart::DrawLegend() {
  svg_.Text({16, 26}, title_, {.size = 16, .bold = true});
  for (size_t t = 0; t < threads_.size(); ++t) {
    const double x = kLeft + 110 * static_cast<double>(t);
    svg_.Disc({x, 44}, kRadius, kColours[t % kColours.size()]);
    svg_.Text({x + 10, 48}, std::to_string(threads_[t]) + (threads_[t] == 1 ? " thread" : " threads"), {});
  }
}

void SpeedChart::DrawGrid(const Axis& axis) {
  for (const double tick : axis.Ticks(0)) {
    svg_.Line({axis.At(tick), kTop}, {axis.At(tick), bottom_}, {.colour = kGrid});
    const double power = std::log10(tick);
    if (std::abs(power - std::round(power)) > 1e-6) continue;
    svg_.Text({axis.At(tick), bottom_ + 16}, TickText(tick), {.size = 12, .anchor = Anchor::kMiddle});
  }
}

// The dots of one codec, and their figures behind the last.
void SpeedChart::DrawLine(size_t name, double SpeedRow::*speed, const Axis& axis) {
  std::string figures;
  double last = 0;
  for (const SpeedRow& row : rows_) {
    const double value = row.*speed;
    if (row.name != names_[name] || value <= 0) continue;
    const auto colour = std::find(threads_.begin(), threads_.end(), row.threads) - threads_.begin();
    svg_.Disc({axis.At(value), Line(name)}, kRadius, kColours[static_cast<size_t>(colour) % kColours.size()]);
    figures += figures.empty() ? "" : ", ";
    figures += Fixed(value, value < 1 ? 2 : value < 100 ? 1 : 0);
    last = std::max(last, axis.At(value));
  }
  if (!figures.empty()) svg_.Text({last + 10, Line(name) + 4}, figures, {.size = 11});
}

void SpeedChart::DrawPanel(const std::string& heading, double SpeedRow::*speed, double left) {
  const Axis axis(low_ / 1.3, high_ * 1.3, left, left + kPanelWidth, true);
  svg_.Text({left, kTop - 10}, heading, {.bold = true});
  DrawGrid(axis);
  for (size_t name = 0; name < names_.size(); ++name) DrawLine(name, speed, axis);
}

std::string SpeedChart::Draw() {
  DrawLegend();
  for (size_t name = 0; name < names_.size(); ++name) {
    const bool bold = names_[name].starts_with("nic");
    svg_.Text({kLeft - 12, Line(name) + 4}, names_[name], {.anchor = Anchor::kEnd, .bold = bold});
  }
  DrawPanel("encoding, megapixels a second", &SpeedRow::encode, kLeft);
  DrawPanel("decoding, megapixels a second", &SpeedRow::decode, kLeft + kPanelWidth + kPanelGap);
  return svg_.Finish();
}

}  // namespace

std::string DrawSpeeds(const std::string& title, const std::vector<SpeedRow>& rows) {
  SpeedChart chart(title, rows);
  return chart.empty() ? "" : chart.Draw();
}

}  // namespace nic::bench
