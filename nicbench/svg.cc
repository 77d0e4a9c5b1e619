#include "nicbench/svg.h"

#include <cstdio>

namespace nic::bench {
namespace {

// A coordinate with no more digits than one can see.
std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  std::string number = text;
  if (number.ends_with(".0")) number.resize(number.size() - 2);
  return number == "-0" ? "0" : number;
}

std::string Escape(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string Attribute(const char* name, const std::string& value) {
  return " " + std::string(name) + "=\"" + Escape(value) + "\"";
}

std::string Attributes(const Stroke& stroke) {
  std::string text = Attribute("stroke", stroke.colour) + Attribute("stroke-width", Number(stroke.width));
  if (!stroke.dashes.empty()) text += Attribute("stroke-dasharray", stroke.dashes);
  return text;
}

}  // namespace

Svg::Svg(double width, double height) {
  const std::string size = Attribute("width", Number(width)) + Attribute("height", Number(height));
  body_ = "<svg xmlns=\"http://www.w3.org/2000/svg\"" + size +
          Attribute("viewBox", "0 0 " + Number(width) + " " + Number(height)) +
          " font-family=\"Helvetica, Arial, sans-serif\">\n<rect" + size + " fill=\"#fff\"/>\n";
}

void Svg::Line(Point from, Point to, const Stroke& stroke) {
  body_ += "<line" + Attribute("x1", Number(from.x)) + Attribute("y1", Number(from.y)) + Attribute("x2", Number(to.x)) +
           Attribute("y2", Number(to.y)) + Attributes(stroke) + "/>\n";
}

void Svg::Polyline(const std::vector<Point>& points, const Stroke& stroke) {
  std::string list;
  for (const Point& point : points) list += (list.empty() ? "" : " ") + Number(point.x) + "," + Number(point.y);
  body_ += "<polyline" + Attribute("points", list) + Attributes(stroke) +
           " fill=\"none\" stroke-linejoin=\"round\" stroke-linecap=\"round\"/>\n";
}

void Svg::Disc(Point centre, double radius, const std::string& colour) {
  body_ += "<circle" + Attribute("cx", Number(centre.x)) + Attribute("cy", Number(centre.y)) +
           Attribute("r", Number(radius)) + Attribute("fill", colour) + "/>\n";
}

void Svg::Text(Point at, const std::string& text, const Lettering& lettering) {
  body_ += "<text" + Attribute("x", Number(at.x)) + Attribute("y", Number(at.y)) +
           Attribute("font-size", Number(lettering.size)) + Attribute("fill", lettering.colour);
  if (lettering.anchor == Anchor::kMiddle) body_ += Attribute("text-anchor", "middle");
  if (lettering.anchor == Anchor::kEnd) body_ += Attribute("text-anchor", "end");
  if (lettering.bold) body_ += Attribute("font-weight", "bold");
  if (lettering.angle != 0) {
    body_ +=
        Attribute("transform", "rotate(" + Number(lettering.angle) + " " + Number(at.x) + " " + Number(at.y) + ")");
  }
  body_ += ">" + Escape(text) + "</text>\n";
}

}  // namespace nic::bench
