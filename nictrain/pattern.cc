#include "pattern.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <iterator>
#include <vector>

namespace nic {
namespace {

struct Size {
  int height, width;
};
// How much of the second colour a pixel has, in [0, 1].
using Shade = std::function<double(int x, int y)>;
using Colour = std::array<double, 3>;

// 1 to `most`, small numbers more often: detail of a pixel or two is what is hard.
int DrawSmall(int most, Random& random) { return 1 + random.Below(1 + random.Below(most)); }

double ToShade(bool second) { return second ? 1 : 0; }

// Bands of any width along an axis or at any angle.
Shade DrawStripes(Random& random) {
  const double band = random.Below(4) ? DrawSmall(16, random) : 0.7 + 8 * random.Uniform();
  const double angle = M_PI / 2 * (random.Below(3) ? random.Below(2) : 2 * random.Uniform());
  const double across = std::cos(angle), down = std::sin(angle);
  const double phase = 64 * random.Uniform();
  return [=](int x, int y) { return ToShade(std::llround(std::floor((x * across + y * down + phase) / band)) & 1); };
}

Shade DrawChequers(Random& random) {
  const int wide = DrawSmall(16, random);
  const int high = random.Below(2) ? wide : DrawSmall(16, random);
  return [=](int x, int y) { return ToShade((x / wide ^ y / high) & 1); };
}

// Rings whose frequency rises outwards: every frequency and direction.
Shade DrawZonePlate(const Size& size, Random& random) {
  const int centre_x = random.Below(size.width), centre_y = random.Below(size.height);
  const double spread = size.width * (0.5 + 2 * random.Uniform());
  const bool hard = random.Below(2) != 0;
  return [=](int x, int y) {
    const double wave = std::cos(M_PI * ((x - centre_x) * (x - centre_x) + (y - centre_y) * (y - centre_y)) / spread);
    return hard ? ToShade(wave > 0) : 0.5 + 0.5 * wave;
  };
}

// Squares of one shade each: two shades, or all.
Shade DrawNoise(const Size& size, Random& random) {
  const int cell = DrawSmall(4, random);
  const bool hard = random.Below(2) != 0;
  const int across = size.width / cell + 1;
  std::vector<float> cells(static_cast<size_t>(across) * static_cast<size_t>(size.height / cell + 1));
  for (float& value : cells) {
    const double drawn = random.Uniform();
    value = static_cast<float>(hard ? ToShade(drawn < 0.5) : drawn);
  }
  return [=](int x, int y) { return cells[static_cast<size_t>(y / cell * across + x / cell)]; };
}

// Rows and columns, one or two pixels wide, at irregular distances.
Shade DrawLines(const Size& size, Random& random) {
  const int distance = 2 + DrawSmall(24, random);
  const auto draw = [&](int length) {
    std::vector<char> marked(static_cast<size_t>(length), 0);
    for (int at = random.Below(distance); at < length; at += 1 + random.Below(2 * distance)) {
      marked[static_cast<size_t>(at)] = 1;
      if (random.Below(3) == 0 && at + 1 < length) marked[static_cast<size_t>(at + 1)] = 1;
    }
    return marked;
  };
  const int which = random.Below(3);
  std::vector<char> rows(static_cast<size_t>(size.height), 0), columns(static_cast<size_t>(size.width), 0);
  if (which != 1) rows = draw(size.height);
  if (which != 0) columns = draw(size.width);
  return [=](int x, int y) { return ToShade(rows[static_cast<size_t>(y)] || columns[static_cast<size_t>(x)]); };
}

// Rows of glyphs of 5 x 7 dots, with gaps between words.
Shade DrawWriting(const Size& size, Random& random) {
  constexpr int kAcross = 6, kDown = 10;
  const int dot = DrawSmall(3, random);
  const int columns = size.width / (kAcross * dot) + 1, rows = size.height / (kDown * dot) + 1;
  std::vector<uint64_t> glyphs(static_cast<size_t>(columns) * static_cast<size_t>(rows));
  for (uint64_t& glyph : glyphs) glyph = random.Below(6) ? random.Next() : 0;
  return [=](int x, int y) {
    const int across = x / dot, down = y / dot;
    const int in_x = across % kAcross, in_y = down % kDown;
    if (in_x >= 5 || in_y >= 7) return 0.0;
    const uint64_t glyph = glyphs[static_cast<size_t>(down / kDown * columns + across / kAcross)];
    return ToShade((glyph >> (in_y * 5 + in_x)) & 1);
  };
}

// Two fields with a straight border in any direction, sharp or blurred into a ramp.
Shade DrawFields(const Size& size, Random& random) {
  const double angle = 2 * M_PI * random.Uniform();
  const double across = std::cos(angle), down = std::sin(angle);
  const double place = across * size.width * random.Uniform() + down * size.height * random.Uniform();
  const double blur = random.Below(2) ? 1 : size.width * random.Uniform() + 1;
  return [=](int x, int y) { return std::clamp((x * across + y * down - place) / blur, 0.0, 1.0); };
}

Shade DrawShade(const Size& size, Random& random) {
  switch (random.Below(7)) {
    case 0:
      return DrawStripes(random);
    case 1:
      return DrawChequers(random);
    case 2:
      return DrawZonePlate(size, random);
    case 3:
      return DrawNoise(size, random);
    case 4:
      return DrawLines(size, random);
    case 5:
      return DrawWriting(size, random);
    default:
      return DrawFields(size, random);
  }
}

// Black or white, a corner of the colour cube, or any colour.
Colour DrawColour(Random& random) {
  const int kind = random.Below(4);
  const double grey = 255 * random.Below(2);
  Colour colour;
  for (double& level : colour) level = kind < 2 ? grey : kind == 2 ? 255 * random.Below(2) : random.Below(256);
  return colour;
}

// Another colour than `first`.
Colour DrawSecondColour(const Colour& first, Random& random) {
  const Colour second = DrawColour(random);
  if (second != first) return second;
  Colour opposite;
  std::transform(first.begin(), first.end(), opposite.begin(), [](double level) { return level < 128 ? 255.0 : 0.0; });
  return opposite;
}

}  // namespace

torch::Tensor DrawPattern(int64_t height, int64_t width, Random& random) {
  const Size size = {static_cast<int>(height), static_cast<int>(width)};
  const Colour first = DrawColour(random);
  const Colour second = DrawSecondColour(first, random);
  // A shade for each channel of its own makes the noise and the stripes coloured.
  const bool separate = random.Below(6) == 0;
  torch::Tensor pattern = torch::empty({3, height, width});
  auto* sample = pattern.data_ptr<float>();
  Shade shade;
  for (size_t c = 0; c < first.size(); ++c) {
    if (c == 0 || separate) shade = DrawShade(size, random);
    for (int i = 0; i < size.height * size.width; ++i) {
      const double part = shade(i % size.width, i / size.width);
      *sample++ = static_cast<float>(std::round(first[c] + (second[c] - first[c]) * part));
    }
  }
  return pattern;
}

}  // namespace nic
