#include "codec/analysis.h"

#include <algorithm>

namespace nic {
namespace {

class PixelSource final : public TensorSource {
 public:
  PixelSource(const PixelView& picture, const Progress& progress) : picture_(picture), progress_(progress) {}
  Status Read(int, const TensorView& view) override {
    const auto height = static_cast<double>(picture_.height);
    NIC_RETURN_IF_ERROR(progress_.Report(std::min(static_cast<double>(view.rect.y0) / height, 1.0)));
    for (int64_t y = view.rect.y0; y < view.rect.y1; ++y) {
      CenterPixels(picture_, y, view.rect.x0, view.rect.x1, view.at(y, view.rect.x0));
    }
    return {};
  }

 private:
  const PixelView& picture_;
  const Progress& progress_;
};

}  // namespace

Status Analyse(const Program& analysis, int factor, const PixelView& picture, Parallel& parallel, Memory& memory,
               TensorBuffer* latents, const Progress& progress) {
  const int64_t height = (int64_t{picture.height} + factor - 1) / factor * factor;
  const int64_t width = (int64_t{picture.width} + factor - 1) / factor * factor;
  PixelSource source(picture, progress);
  BufferSink sink({latents});
  const Rect all{0, 0, width / factor, height / factor};
  return analysis.Run(height, width, all, 0, source, sink, parallel, memory);
}

}  // namespace nic
