// The C API for C++17 and later: objects that free themselves, pictures that own their pixels, failures as exceptions.
//
//   nic::Context context;
//   nic::Decoder decoder(context);
//   nic::Image image = decoder.Decode(bytes, size);
//
//   nic::Encoder encoder(context);
//   encoder.Set(NIC_ENCODER_TARGET_SIZE, 100000);
//   std::vector<uint8_t> file = encoder.Encode(image.view());
//
// Everything else - parameters and their bounds, regions, metadata, streaming - is the C API's, called with get().
//
// Ownership: a Context must outlive what is made of it; what is returned owns its memory. Objects move and do not copy.
//
// Errors: a failure is thrown as nic::Error, with the status, the byte of the input and the message. Objects stay
// usable.
//
// Threads: as in nic/nic.h: one thread at a time for a Context and all that is made of it.
#ifndef NIC_NIC_HPP
#define NIC_NIC_HPP

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "nic/nic.h"

namespace nic {

// A failure of the C API.
class Error : public std::runtime_error {
 public:
  explicit Error(const nic_error& error)
      : std::runtime_error(std::string(nic_status_name(error.status)) + ": " + error.message), error_(error) {}
  nic_status status() const { return error_.status; }
  uint64_t offset() const { return error_.offset; }

 private:
  nic_error error_;
};

// Throws unless `status` is NIC_OK.
inline void ThrowIf(nic_status status, const nic_error& error) {
  if (status != NIC_OK) throw Error(error);
}

// Owns an object of the C API. New(arguments..., &object, &error) makes it, Free(object) ends it.
template <typename T, auto New, auto Free>
class Handle {
 public:
  template <typename Argument>
  explicit Handle(Argument argument) : object_(nullptr, Free) {
    T* object = nullptr;
    nic_error error;
    ThrowIf(New(argument, &object, &error), error);
    object_.reset(object);
  }
  T* get() const { return object_.get(); }

 private:
  std::unique_ptr<T, void (*)(T*)> object_;
};

// A picture that owns its pixels: rows from the top, without gaps.
struct Image {
  Image(uint32_t w, uint32_t h, nic_pixel_format f)
      : width(w), height(h), format(f), pixels(size_t{w} * h * nic_format_bytes(f)) {}
  nic_image view() { return {width, height, format, size_t{width} * nic_format_bytes(format), pixels.data()}; }
  uint32_t width, height;
  nic_pixel_format format;
  std::vector<uint8_t> pixels;
};

// Threads, memory, limits and models: see nic/context.h.
class Context : public Handle<nic_context, nic_context_new, nic_context_free> {
 public:
  explicit Context(const nic_context_options& options = NIC_CONTEXT_OPTIONS_INIT) : Handle(&options) {}
  // Adds a model package and returns its id.
  uint32_t AddModel(const void* bytes, size_t size) {
    uint32_t id;
    nic_error error;
    ThrowIf(nic_context_add_model(get(), bytes, size, &id, nullptr, &error), error);
    return id;
  }
};

// From .nic bytes to pixels: see nic/decode.h.
class Decoder : public Handle<nic_decoder, nic_decoder_new, nic_decoder_free> {
 public:
  explicit Decoder(const Context& context) : Handle(context.get()) {}
  void Set(nic_decoder_parameter parameter, double value) {
    Check(nic_decoder_set(get(), parameter, value));
    if (parameter == NIC_DECODER_SCALE) scale_ = static_cast<uint32_t>(value);
  }
  // Decodes a whole file to the file's own pixel format, as large as NIC_DECODER_SCALE says.
  Image Decode(const void* bytes, size_t size) {
    nic_info info;
    Check(nic_decoder_open(get(), bytes, size));
    Check(nic_decoder_info(get(), &info));
    Image image(nic_scaled_side(info.width, scale_), nic_scaled_side(info.height, scale_), info.format);
    const nic_image view = image.view();
    Check(nic_decoder_decode(get(), &view));
    return image;
  }
  // A file that arrives in pieces: see nic_decoder_begin_push.
  void BeginPush() { Check(nic_decoder_begin_push(get())); }
  void Push(const void* bytes, size_t size) { Check(nic_decoder_push(get(), bytes, size)); }
  void EndPush() { Check(nic_decoder_end_push(get())); }
  nic_event Next() {
    nic_event event = NIC_EVENT_INIT;
    Check(nic_decoder_next(get(), &event));
    return event;
  }
  void Check(nic_status status) const { ThrowIf(status, *nic_decoder_error(get())); }

 private:
  uint32_t scale_ = 1;
};

// From pixels to .nic bytes: see nic/encode.h.
class Encoder : public Handle<nic_encoder, nic_encoder_new, nic_encoder_free> {
 public:
  explicit Encoder(const Context& context) : Handle(context.get()) {}
  void Set(nic_encoder_parameter parameter, double value) { Check(nic_encoder_set(get(), parameter, value)); }
  std::vector<uint8_t> Encode(const nic_image& image, nic_encode_result* result = nullptr) {
    const uint8_t* bytes;
    size_t size;
    Check(nic_encoder_encode(get(), &image, 0, &bytes, &size, result));
    return {bytes, bytes + size};
  }
  // The same with rows that come piece by piece: see nic_encoder_begin.
  void Begin(uint32_t width, uint32_t height, nic_pixel_format format, bool measure = false) {
    Check(nic_encoder_begin(get(), width, height, format, measure));
  }
  void PushRows(const uint8_t* pixels, size_t stride, uint32_t rows) {
    Check(nic_encoder_push_rows(get(), pixels, stride, rows));
  }
  std::vector<uint8_t> Finish(nic_encode_result* result = nullptr) {
    const uint8_t* bytes;
    size_t size;
    Check(nic_encoder_finish(get(), &bytes, &size, result));
    return {bytes, bytes + size};
  }
  void Check(nic_status status) const { ThrowIf(status, *nic_encoder_error(get())); }
};

}  // namespace nic

#endif
