// What stands behind nic_context.
#pragma once

#include <memory>

#include "api/model_store.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "codec/progress.h"
#include "nic/context.h"

// Not in a namespace: the public header declares it.
struct nic_context {
  // `options`: checked, with limits complete.
  explicit nic_context(const nic_context_options& options, nic::Target target);

  nic_allocator allocator;
  nic_limits limits;  // complete: no defaults left, but for max_work
  nic::Memory memory;
  std::unique_ptr<nic::Parallel> parallel;
  nic::Progress progress;
  nic::Log log;
  nic::ModelStore models;
};

namespace nic {

// Limits with defaults filled in, but for max_work, whose default depends on the file; `limits` may be null.
// NIC_UNSUPPORTED_FEATURE where a reserved field is set.
Status CompleteLimits(const nic_limits* limits, nic_limits* complete);

// NIC_LIMIT_SIDE or NIC_LIMIT_PIXELS for a picture that exceeds them. `offset`: of the width, in a file.
Status CheckDimensions(uint64_t width, uint64_t height, const nic_limits& limits, uint64_t offset = Status::kNoOffset);

// NIC_LIMIT_WORK if decoding a file of `file_size` bytes takes more than they allow.
Status CheckWork(double work, uint64_t file_size, const nic_limits& limits);

// Makes a context from checked options.
Status MakeContext(const nic_context_options* options, std::unique_ptr<nic_context>* context);

// A context for a call that was given none: the caller's own, or a new one with default options.
class ContextForCall {
 public:
  explicit ContextForCall(nic_context* context) : context_(context) {}
  Status Prepare() {
    if (context_) return {};
    NIC_RETURN_IF_ERROR(MakeContext(nullptr, &own_));
    context_ = own_.get();
    return {};
  }
  nic_context& operator*() { return *context_; }

 private:
  nic_context* context_;
  std::unique_ptr<nic_context> own_;
};

// Memory for a result that becomes the caller's; nic_free gives it back. Throws std::bad_alloc.
void* AllocateResult(const nic_context* context, size_t bytes);

}  // namespace nic
