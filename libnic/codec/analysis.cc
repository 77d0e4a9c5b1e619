#include "codec/analysis.h"

namespace nic {
namespace {

class PixelSource final : public TensorSource {
 public:
  explicit PixelSource(const PixelView& picture) : picture_(picture) {}
  Status Read(int, const TensorView& view) override {
    for (int64_t y = view.rect.y0; y < view.rect.y1; ++y) {
      if (view.pixel_stride == 3) {
        CenterPixels(picture_, y, view.rect.x0, view.rect.x1, view.at(y, view.rect.x0));
        continue;
      }
      for (int64_t x = view.rect.x0; x < view.rect.x1; ++x) CenterPixels(picture_, y, x, x + 1, view.at(y, x));
    }
    return {};
  }

 private:
  const PixelView& picture_;
};

}  // namespace

Status Analyse(const Program& analysis, int factor, const PixelView& picture, Parallel& parallel, Memory& memory,
               TensorBuffer* latents) {
  const int64_t height = (int64_t{picture.height} + factor - 1) / factor * factor;
  const int64_t width = (int64_t{picture.width} + factor - 1) / factor * factor;
  PixelSource source(picture);
  BufferSink sink({latents});
  const Rect all{0, 0, width / factor, height / factor};
  return analysis.Run(height, width, all, 0, source, sink, parallel, memory);
}

}  // namespace nic
