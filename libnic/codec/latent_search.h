// The interface between the encoder and a plug-in that searches for better latents than the analysis gives. Plain data,
// so that neither side needs to know what the other is built with.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nic {

// Raised whenever SearchRequest or what it means changes; encoder and plug-in must agree.
constexpr uint32_t kSearchVersion = 2;
constexpr char kSearchSymbol[] = "nic_search_latents";

// One picture at one rate. Latents are int16 in the model's units (latent_bits fractional bits), height x width x
// channels with channels innermost, of the whole picture; hyper-latents are symbols in the same order slice after
// slice, each slice being a grid of its own.
struct SearchRequest {
  uint32_t version = kSearchVersion;
  uint32_t threads = 1;
  uint64_t max_memory = 0;  // bytes that the search may hold, about; it works in smaller parts then

  const uint8_t* decoder_section = nullptr;  // of the package, unpacked
  size_t decoder_size = 0;
  const uint8_t* encoder_section = nullptr;
  size_t encoder_size = 0;
  const uint8_t* deblocking_section = nullptr;  // null: the package has none
  size_t deblocking_size = 0;

  const uint8_t* pixels = nullptr;
  uint32_t width = 0;
  uint32_t height = 0;
  int32_t channels = 0;     // 1 or 3
  int32_t depth = 8;        // 8 or 16 bits a sample, in the machine's order
  size_t stride = 0;        // bytes
  uint32_t slice_side = 0;  // pixels

  int32_t level = 0;
  int32_t interpolation = 0;
  double lambda = 0;  // bits that a unit of squared error of a sample of 8 bits (257 of 16) is worth
  int32_t steps = 0;  // of gradient descent

  const int16_t* decoded = nullptr;  // latents as the encoder would have decoded without the search
  int16_t* latents = nullptr;        // in: analysed and gained; out: what to quantise instead
  int16_t* hyper = nullptr;          // in: the encoder's own; out: what to code instead

  // Called after every step with the part done, 0 to 1. A result other than 0 ends the search, which then gives what it
  // has found so far.
  int (*report)(void* user, double fraction) = nullptr;
  void* user = nullptr;
};

// Exported by the plug-in as kSearchSymbol. Returns a nic_status; after a failure `message`, of 192 bytes, says why,
// and the latents are worth nothing. Throws nothing.
using SearchFunction = int (*)(const SearchRequest* request, char* message);

}  // namespace nic
