#include "codec/slice_layout.h"

#include <catch2/catch.hpp>

#include <vector>

#include "container/file.h"

using nic::DecoderModel;
using nic::Memory;
using nic::Rect;
using nic::SliceLayout;

namespace {

DecoderModel ModelOf(Memory& memory, int latent_factor, int hyper_factor) {
  DecoderModel model(memory);
  model.latent_factor = latent_factor;
  model.hyper_factor = hyper_factor;
  return model;
}

}  // namespace

TEST_CASE("slices cover every latent position once and agree with the container's grid") {
  Memory memory;
  for (const int factor : {8, 16, 32}) {
    const DecoderModel model = ModelOf(memory, factor, 2);
    for (const auto& [width, height] : std::vector<std::pair<uint32_t, uint32_t>>{
             {1, 1}, {63, 64}, {64, 65}, {129, 1}, {1, 129}, {500, 333}, {1024, 1025}}) {
      for (const uint32_t side : {64u, 128u, 1024u, 2097152u}) {
        CAPTURE(factor, width, height, side);
        const SliceLayout layout(width, height, side, model);
        const auto f = static_cast<uint32_t>(factor);
        REQUIRE(layout.latent_width() == (width + f - 1) / f);
        REQUIRE(layout.latent_height() == (height + f - 1) / f);
        const nic::SliceGrid grid = nic::SliceGrid::Of(width, height, side);
        REQUIRE(layout.columns() == grid.columns);
        REQUIRE(layout.rows() == grid.rows);
        REQUIRE(layout.count() == static_cast<int64_t>(grid.count()));

        std::vector<int> owners(static_cast<size_t>(layout.latent_width() * layout.latent_height()));
        for (int64_t i = 0; i < layout.count(); ++i) {
          const Rect rect = layout.Latents(i);
          REQUIRE((rect.x0 < rect.x1 && rect.y0 < rect.y1));
          REQUIRE((rect.x1 <= layout.latent_width() && rect.y1 <= layout.latent_height()));
          REQUIRE(rect.x0 == i % layout.columns() * (side / f));
          REQUIRE(rect.y0 == i / layout.columns() * (side / f));
          for (int64_t y = rect.y0; y < rect.y1; ++y) {
            for (int64_t x = rect.x0; x < rect.x1; ++x) ++owners[static_cast<size_t>(y * layout.latent_width() + x)];
          }
        }
        for (const int number : owners) REQUIRE(number == 1);
      }
    }
  }
}

TEST_CASE("the slices that a rectangle touches are those with latents in it") {
  Memory memory;
  const DecoderModel model = ModelOf(memory, 16, 4);
  const SliceLayout layout(500, 333, 64, model);  // 32 x 21 latents in 8 x 6 slices of 4 x 4
  for (const Rect& wanted :
       {Rect{0, 0, 32, 21}, Rect{0, 0, 1, 1}, Rect{31, 20, 32, 21}, Rect{3, 4, 5, 8}, Rect{4, 4, 8, 8}}) {
    const nic::SliceRange range = layout.Touching(wanted);
    std::vector<int64_t> listed;
    for (int64_t i = 0; i < range.count(); ++i) listed.push_back(range.Slice(i, layout.columns()));
    std::vector<int64_t> expected;
    for (int64_t i = 0; i < layout.count(); ++i) {
      const Rect slice = layout.Latents(i);
      const bool apart =
          slice.x1 <= wanted.x0 || wanted.x1 <= slice.x0 || slice.y1 <= wanted.y0 || wanted.y1 <= slice.y0;
      if (!apart) expected.push_back(i);
    }
    REQUIRE(listed == expected);
  }
}

TEST_CASE("hyper-latents are a grid of each slice, rounded up") {
  Memory memory;
  const DecoderModel model = ModelOf(memory, 16, 4);
  const SliceLayout layout(200, 90, 128, model);  // latents 13 x 6, slices of 8 x 8
  REQUIRE(layout.count() == 2);
  REQUIRE(layout.HyperWidth(layout.Latents(0)) == 2);
  REQUIRE(layout.HyperHeight(layout.Latents(0)) == 2);
  REQUIRE(layout.HyperWidth(layout.Latents(1)) == 2);  // 5 columns
  const SliceLayout tiny(1, 1, 64, model);
  REQUIRE(tiny.HyperWidth(tiny.Latents(0)) == 1);
  REQUIRE(tiny.HyperHeight(tiny.Latents(0)) == 1);
}

TEST_CASE("the largest picture has a layout without overflow") {
  Memory memory;
  const DecoderModel model = ModelOf(memory, 8, 8);
  const SliceLayout layout(UINT32_MAX, UINT32_MAX, 64, model);
  REQUIRE(layout.latent_width() == int64_t{1} << 29);
  REQUIRE(layout.columns() == int64_t{1} << 26);
  REQUIRE(layout.count() == int64_t{1} << 52);
  const Rect last = layout.Latents(layout.count() - 1);
  REQUIRE(last.x1 == layout.latent_width());
  REQUIRE(last.y1 == layout.latent_height());
}
