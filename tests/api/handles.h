// The C API as tests use it: objects that free themselves, pictures, and the common way there and back.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "nic/nic.h"

namespace nic::testing {

struct Freer {
  void operator()(nic_context* context) const { nic_context_free(context); }
  void operator()(nic_encoder* encoder) const { nic_encoder_free(encoder); }
  void operator()(nic_decoder* decoder) const { nic_decoder_free(decoder); }
};
using Context = std::unique_ptr<nic_context, Freer>;
using Encoder = std::unique_ptr<nic_encoder, Freer>;
using Decoder = std::unique_ptr<nic_decoder, Freer>;
using Bytes = std::vector<uint8_t>;

constexpr uint32_t kSmallModelId = 4000;
constexpr uint32_t kBlockModelId = 4001;

// The package of the small model of seed 1; made once.
const Bytes& SmallPackage();

// What follows requires success.
Context NewContext(const nic_context_options& options = NIC_CONTEXT_OPTIONS_INIT);
void AddModel(const Context& context, const Bytes& package);
// With the small model.
Context NewSmallContext(const nic_context_options& options = NIC_CONTEXT_OPTIONS_INIT);
// Encodes with a model of the context.
Encoder NewEncoder(const Context& context, uint32_t model_id = kSmallModelId);
Decoder NewDecoder(const Context& context);
void Set(const Encoder& encoder, nic_encoder_parameter parameter, double value);

// A picture that owns its pixels: rows without gaps.
struct Picture {
  nic_image View() { return {width, height, format, width * size_t{nic_format_bytes(format)}, pixels.data()}; }
  uint32_t width = 0;
  uint32_t height = 0;
  nic_pixel_format format = NIC_RGB8;
  Bytes pixels;
};

// Slopes under noise.
Picture MakePicture(uint32_t width, uint32_t height, nic_pixel_format format, uint32_t seed = 7);
// Grey blocks of 8 x 8 pixels, which the block model keeps well.
Picture MakeBlocks(uint32_t width, uint32_t height, nic_pixel_format format, uint32_t seed = 7);

Bytes Encode(const Encoder& encoder, Picture picture, nic_encode_result* result = nullptr, bool measure = false);
// With the small model, at a quality, in slices of a side.
Bytes EncodeSmall(const Context& context, const Picture& picture, double quality = 60, uint32_t slice_side = 1024);
Picture Decode(const Context& context, const Bytes& file);
// Sample number i, of either depth.
int SampleOf(const Picture& picture, size_t i);
// Over all samples of two pictures of one shape.
double PsnrOf(const Picture& a, const Picture& b);

// A caller's allocator that knows what is held and refuses when told to. Thread-safe.
class CountingAllocator {
 public:
  ~CountingAllocator();  // requires that everything came back
  nic_allocator Hooks() { return {Allocate, Release, this}; }

  // The allocation of this number from now on fails, and with `from_there_on` all that follow; 0: none.
  void FailAt(uint64_t number, bool from_there_on = false);
  uint64_t calls() const { return calls_; }
  uint64_t held() const { return held_; }
  uint64_t peak() const { return peak_; }
  size_t blocks() const { return blocks_; }

 private:
  static void* Allocate(void* user, size_t bytes);
  static void Release(void* user, void* block);

  std::mutex mutex_;
  uint64_t calls_ = 0;
  size_t blocks_ = 0;
  uint64_t held_ = 0;
  uint64_t peak_ = 0;
  uint64_t fail_at_ = 0;
  bool from_there_on_ = false;
};

}  // namespace nic::testing
