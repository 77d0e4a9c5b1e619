#include "api/context.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <thread>

#include "api/guard.h"
#include "api/sized_struct.h"
#include "codec/thread_pool.h"
#include "nic/nic.h"

#define NIC_TEXT_OF(x) #x
#define NIC_TEXT(x) NIC_TEXT_OF(x)

namespace nic {
namespace {

constexpr nic_limits kDefaultLimits = {uint64_t{1} << 28, 65535, uint64_t{2} << 30, uint64_t{64} << 20, 0, {}};
constexpr uint32_t kMaxThreads = 256;
// Sizes of nic_context_options before fields were added: without the log.
constexpr std::initializer_list<size_t> kOlderOptions = {offsetof(nic_context_options, log)};

class ExecutorParallel final : public Parallel {
 public:
  explicit ExecutorParallel(const nic_executor& executor) : executor_(executor) {}
  size_t width() const override { return std::clamp<size_t>(executor_.width, 1, kMaxThreads); }
  void Run(size_t count, Task task, void* context) override { executor_.run(executor_.user, count, task, context); }

 private:
  nic_executor executor_;
};

Status InvalidArgument(const char* what) { return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "%s", what); }

Status CheckOptions(const nic_context_options& options) {
  if (options.threads > kMaxThreads) return InvalidArgument("threads: more than 256");
  if (!options.allocator.allocate != !options.allocator.release) {
    return InvalidArgument("allocator: allocate and release must be given together");
  }
  return {};
}

Status ChooseTarget(const char* name, Target* target) {
  const char* source = "target";
  if (!name) {
    name = std::getenv("NIC_TARGET");
    source = "NIC_TARGET";
  }
  if (!name || !*name) {
    *target = BestTarget();
    return {};
  }
  if (!ParseTarget(name, target)) {
    return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset,
                         "%s: '%.32s' is not one of scalar, sse4, avx2, avx512, neon", source, name);
  }
  if (!TargetSupported(*target)) {
    return Status::Error(NIC_INVALID_ARGUMENT, Status::kNoOffset, "%s: this processor or build does not support '%s'",
                         source, name);
  }
  return {};
}

std::unique_ptr<Parallel> MakeParallel(const nic_context_options& options) {
  if (options.executor.run) return std::make_unique<ExecutorParallel>(options.executor);
  const uint32_t threads = options.threads ? options.threads : std::max(1u, std::thread::hardware_concurrency());
  if (threads == 1) return std::make_unique<Serial>();
  return std::make_unique<ThreadPool>(std::min(threads, kMaxThreads));
}

Memory::Hooks HooksOf(const nic_allocator& allocator) {
  return {allocator.allocate, allocator.release, allocator.user};
}

}  // namespace

Status CompleteLimits(const nic_limits* limits, nic_limits* complete) {
  *complete = limits ? *limits : nic_limits{};
  for (const uint64_t reserved : complete->reserved) {
    if (reserved == 0) continue;
    return Status::Error(NIC_UNSUPPORTED_FEATURE, Status::kNoOffset,
                         "limits: a reserved field is set, which this version of libnic does not know");
  }
  if (!complete->max_pixels) complete->max_pixels = kDefaultLimits.max_pixels;
  if (!complete->max_side) complete->max_side = kDefaultLimits.max_side;
  if (!complete->max_memory) complete->max_memory = kDefaultLimits.max_memory;
  if (!complete->max_metadata) complete->max_metadata = kDefaultLimits.max_metadata;
  return {};
}

Status CheckDimensions(uint64_t width, uint64_t height, const nic_limits& limits, uint64_t offset) {
  const auto as_unsigned = [](uint64_t value) { return static_cast<unsigned long long>(value); };
  if (width > limits.max_side || height > limits.max_side) {
    return Status::Error(NIC_LIMIT_SIDE, offset, "max_side: the picture has %llu x %llu pixels, the limit is %u",
                         as_unsigned(width), as_unsigned(height), limits.max_side);
  }
  if (height != 0 && width > limits.max_pixels / height) {
    return Status::Error(NIC_LIMIT_PIXELS, offset,
                         "max_pixels: the picture has %llu x %llu pixels, the limit is %llu in all", as_unsigned(width),
                         as_unsigned(height), as_unsigned(limits.max_pixels));
  }
  return {};
}

Status CheckWork(double work, uint64_t file_size, const nic_limits& limits) {
  constexpr double kAnyFile = 7e11;  // less than 10 s of one core with AVX2
  constexpr uint64_t kSmallFile = 1'000'000;
  constexpr double kForEachByte = 1e7;
  double limit = static_cast<double>(limits.max_work);
  if (!limits.max_work) {
    limit = kAnyFile;
    if (file_size > kSmallFile) limit += kForEachByte * static_cast<double>(file_size - kSmallFile);
  }
  if (limits.max_work == UINT64_MAX || work <= limit) return {};
  return Status::Error(NIC_LIMIT_WORK, Status::kNoOffset,
                       "max_work: decoding takes %.4g operations, the limit is %.4g for a file of %llu bytes", work,
                       limit, static_cast<unsigned long long>(file_size));
}

Status MakeContext(const nic_context_options* options, std::unique_ptr<nic_context>* context) {
  nic_context_options known = NIC_CONTEXT_OPTIONS_INIT;
  if (options) NIC_RETURN_IF_ERROR(ReadSized(*options, kOlderOptions, "options", &known));
  NIC_RETURN_IF_ERROR(CheckOptions(known));
  const nic_limits limits = known.limits;
  NIC_RETURN_IF_ERROR(CompleteLimits(&limits, &known.limits));
  Target target = Target::kScalar;
  NIC_RETURN_IF_ERROR(ChooseTarget(known.target, &target));
  *context = std::make_unique<nic_context>(known, target);
  (*context)->log.Write(NIC_LOG_INFO, "libnic %s: vector instructions %s, %zu at once", nic_version(),
                        TargetName(target), (*context)->parallel->width());
  return {};
}

void* AllocateResult(const nic_context* context, size_t bytes) {
  const bool hooked = context && context->allocator.allocate;
  void* block = hooked ? context->allocator.allocate(context->allocator.user, bytes) : std::malloc(bytes);
  if (!block) throw std::bad_alloc();
  return block;
}

}  // namespace nic

nic_context::nic_context(const nic_context_options& options, nic::Target target)
    : allocator(options.allocator),
      limits(options.limits),
      memory(limits.max_memory, nic::HooksOf(options.allocator)),
      parallel(nic::MakeParallel(options)),
      progress(options.progress, options.progress_user),
      log(options.log, options.log_user),
      models(target, memory, log) {}

nic_status nic_context_new(const nic_context_options* options, nic_context** context, nic_error* error) {
  return nic::Guard(error, [&]() -> nic::Status {
    if (!context) return nic::InvalidArgument("context: null");
    *context = nullptr;
    std::unique_ptr<nic_context> made;
    NIC_RETURN_IF_ERROR(nic::MakeContext(options, &made));
    *context = made.release();
    return {};
  });
}

void nic_context_free(nic_context* context) { delete context; }

uint64_t nic_context_peak_memory(const nic_context* context) { return context ? context->memory.peak() : 0; }

nic_status nic_context_add_model(nic_context* context, const void* bytes, size_t size, uint32_t* id, uint64_t* digest,
                                 nic_error* error) {
  return nic::Guard(error, [&]() -> nic::Status {
    if (!context || !bytes) return nic::InvalidArgument("context, bytes: null");
    nic::ModelStore::Model* model = nullptr;
    NIC_RETURN_IF_ERROR(context->models.Add({static_cast<const uint8_t*>(bytes), size}, &model));
    if (id) *id = model->package.model_id();
    if (digest) *digest = model->package.digest();
    return {};
  });
}

nic_status nic_context_model(nic_context* context, size_t index, nic_model_info* info, nic_error* error) {
  return nic::Guard(error, [&]() -> nic::Status {
    if (!context || !info) return nic::InvalidArgument("context, info: null");
    *info = {};
    const nic::ModelStore::Model* model = nullptr;
    bool is_default = false;
    NIC_RETURN_IF_ERROR(context->models.Get(index, &model, &is_default));
    info->id = model->package.model_id();
    info->version = model->package.model_version();
    info->digest = model->package.digest();
    static_assert(sizeof info->name > nic::kMaxModelName);
    std::memcpy(info->name, model->package.name().data(), model->package.name().size());
    info->levels = static_cast<uint32_t>(model->prepared->decoder().levels);
    info->decode_macs = model->prepared->decode_macs();
    info->decode_work = model->prepared->pixel_work();
    info->is_default = is_default;
    return {};
  });
}

void nic_free(nic_context* context, void* block) {
  if (!block) return;
  if (context && context->allocator.release) {
    context->allocator.release(context->allocator.user, block);
  } else {
    std::free(block);
  }
}

const char* nic_version(void) {
  return NIC_TEXT(NIC_VERSION_MAJOR) "." NIC_TEXT(NIC_VERSION_MINOR) "." NIC_TEXT(NIC_VERSION_PATCH);
}
