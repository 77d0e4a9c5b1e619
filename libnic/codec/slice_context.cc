#include "codec/slice_context.h"

#include <xxhash.h>

#include <bit>
#include <memory>

namespace nic {
namespace {

int64_t CeilDivide(int64_t a, int64_t b) { return (a + b - 1) / b; }

void UpdateCheck(XXH32_state_t* state, const TensorBuffer& tensor) {
  static_assert(std::endian::native == std::endian::little, "the check is defined on little-endian samples");
  XXH32_update(state, tensor.data(), tensor.size() * sizeof(int16_t));
}

}  // namespace

SliceContext::SliceContext(const PreparedModel& model, int64_t height, int64_t width, Parallel& parallel,
                           Memory& memory)
    : model_(model),
      parallel_(parallel),
      memory_(memory),
      hyper_latents_(memory, CeilDivide(height, model.decoder().hyper_factor),
                     CeilDivide(width, model.decoder().hyper_factor), model.decoder().hyper_channels),
      features_(memory, height, width, model.feature_channels()),
      latents_(memory, height, width, model.decoder().latent_channels),
      means_(memory, height, width, model.decoder().latent_channels),
      scales_(memory, height, width, model.decoder().latent_channels) {
  latents_.Fill(0);
}

Status SliceContext::BeginLatents() {
  BufferSource source({&hyper_latents_});
  BufferSink sink({&features_});
  const Rect all{0, 0, latents_.width(), latents_.height()};
  return model_.hyper_synthesis().Run(hyper_latents_.height(), hyper_latents_.width(), all, 0, source, sink, parallel_,
                                      memory_);
}

Status SliceContext::BeginPass(size_t pass) {
  BufferSource first({&features_});
  BufferSource later({&latents_, &features_});
  BufferSink sink({&means_, &scales_});
  const Rect all{0, 0, latents_.width(), latents_.height()};
  return model_.context(pass).Run(latents_.height(), latents_.width(), all, 0, pass == 0 ? first : later, sink,
                                  parallel_, memory_);
}

uint32_t SliceContext::ComputeCheck() const {
  XXH32_state_t* state = XXH32_createState();
  if (!state) throw std::bad_alloc();
  XXH32_reset(state, 0);
  UpdateCheck(state, hyper_latents_);
  UpdateCheck(state, latents_);
  const uint32_t check = XXH32_digest(state);
  XXH32_freeState(state);
  return check;
}

}  // namespace nic
