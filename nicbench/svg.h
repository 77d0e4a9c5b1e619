// A drawing as SVG.
#pragma once

#include <string>
#include <vector>

namespace nic::bench {

struct Point {
  double x;
  double y;
};

struct Stroke {
  std::string colour = "#000";
  double width = 1;
  std::string dashes{};  // as "4 3"; empty: a line without gaps
};

enum class Anchor { kStart, kMiddle, kEnd };

struct Lettering {
  double size = 13;
  std::string colour = "#222";
  Anchor anchor = Anchor::kStart;
  bool bold = false;
  double angle = 0;  // degrees, clockwise, around the text's point
};

// Coordinates are pixels from the upper left corner. The paper is white.
class Svg {
 public:
  Svg(double width, double height);

  void Line(Point from, Point to, const Stroke& stroke);
  void Polyline(const std::vector<Point>& points, const Stroke& stroke);
  void Disc(Point centre, double radius, const std::string& colour);
  // The point lies on the letters' base line.
  void Text(Point at, const std::string& text, const Lettering& lettering);

  // The whole file.
  std::string Finish() const { return body_ + "</svg>\n"; }

 private:
  std::string body_;
};

}  // namespace nic::bench
