#include "nic/context.h"

#include <catch2/catch.hpp>

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "api/handles.h"
#include "api/plain_new.h"

using namespace nic::testing;

namespace {

// Sets an environment variable until the end of the scope.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = std::make_unique<std::string>(old);
    Put(value);
  }
  ~Environment() { Put(old_ ? old_->c_str() : nullptr); }

 private:
  void Put(const char* value) {
    if (value) {
      setenv(name_, value, 1);
    } else {
      unsetenv(name_);
    }
  }
  const char* name_;
  std::unique_ptr<std::string> old_;
};

nic_status TryNew(const nic_context_options& options, nic_error* error) {
  nic_context* context = reinterpret_cast<nic_context*>(1);
  const nic_status status = nic_context_new(&options, &context, error);
  REQUIRE((context == nullptr) == (status != NIC_OK));
  REQUIRE(error->status == status);
  REQUIRE((error->message[0] == '\0') == (status == NIC_OK));
  nic_context_free(context);
  return status;
}

bool Mentions(const nic_error& error, const char* text) {
  return std::string(error.message).find(text) != std::string::npos;
}

// The caller's threads: runs tasks in a few of its own, backwards, and counts.
struct Executor {
  static void Run(void* user, size_t count, void (*task)(void* context, size_t index), void* context) {
    auto* self = static_cast<Executor*>(user);
    ++self->runs;
    std::vector<std::thread> threads;
    for (size_t number = 0; number < 3; ++number) {
      threads.emplace_back([=] {
        for (size_t i = count; i-- > 0;) {
          if (i % 3 == number) task(context, i);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  nic_executor Hooks(size_t width) { return {Run, width, this}; }
  int runs = 0;
};

struct Watcher {
  static int Call(void* user, double fraction) {
    auto* self = static_cast<Watcher*>(user);
    self->seen.push_back(fraction);
    self->same_thread = self->same_thread && std::this_thread::get_id() == self->thread;
    return self->seen.size() == self->stop_at;
  }
  nic_context_options Options(uint32_t threads) {
    nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
    options.threads = threads;
    options.progress = Call;
    options.progress_user = this;
    return options;
  }
  void Restart(size_t stop) {
    seen.clear();
    stop_at = stop;
  }
  std::vector<double> seen;
  size_t stop_at = 0;
  std::thread::id thread = std::this_thread::get_id();
  bool same_thread = true;
};

void RequireRising(const std::vector<double>& seen) {
  REQUIRE(std::is_sorted(seen.begin(), seen.end()));
  REQUIRE(seen.front() >= 0);
  REQUIRE(seen.back() == 1);
}

}  // namespace

TEST_CASE("a context is made with and without options") {
  nic_context* context = nullptr;
  REQUIRE(nic_context_new(nullptr, &context, nullptr) == NIC_OK);
  REQUIRE(context != nullptr);
  nic_context_free(context);
  nic_context_free(nullptr);
  REQUIRE(nic_context_peak_memory(nullptr) == 0);
  REQUIRE(nic_context_new(nullptr, nullptr, nullptr) == NIC_INVALID_ARGUMENT);
}

TEST_CASE("options that cannot be are refused") {
  nic_error error;
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  REQUIRE(TryNew(options, &error) == NIC_OK);

  options.struct_size = 0;
  REQUIRE(TryNew(options, &error) == NIC_INVALID_ARGUMENT);
  REQUIRE(Mentions(error, "struct_size"));
  options.struct_size = 5000;
  REQUIRE(TryNew(options, &error) == NIC_INVALID_ARGUMENT);

  options = NIC_CONTEXT_OPTIONS_INIT;
  options.threads = 257;
  REQUIRE(TryNew(options, &error) == NIC_INVALID_ARGUMENT);
  REQUIRE(Mentions(error, "threads"));
  options.threads = 256;
  REQUIRE(TryNew(options, &error) == NIC_OK);

  CountingAllocator allocator;
  options = NIC_CONTEXT_OPTIONS_INIT;
  options.allocator = allocator.Hooks();
  options.allocator.release = nullptr;
  REQUIRE(TryNew(options, &error) == NIC_INVALID_ARGUMENT);
  REQUIRE(Mentions(error, "allocator"));
  options.allocator = allocator.Hooks();
  options.allocator.allocate = nullptr;
  REQUIRE(TryNew(options, &error) == NIC_INVALID_ARGUMENT);
}

TEST_CASE("options of older and newer headers are taken") {
  nic_error error;
  // Before there was a log: what lies behind is not looked at.
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  options.struct_size = offsetof(nic_context_options, log);
  options.threads = 2;
  options.log = reinterpret_cast<nic_log>(1);
  REQUIRE(TryNew(options, &error) == NIC_OK);
  options.threads = 257;
  REQUIRE(TryNew(options, &error) == NIC_INVALID_ARGUMENT);

  struct {
    nic_context_options known;
    uint64_t later;
  } newer = {NIC_CONTEXT_OPTIONS_INIT, 0};
  newer.known.struct_size = sizeof newer;
  REQUIRE(TryNew(newer.known, &error) == NIC_OK);
  newer.later = 1;
  REQUIRE(TryNew(newer.known, &error) == NIC_UNSUPPORTED_FEATURE);
  REQUIRE(Mentions(error, "options"));
}

TEST_CASE("what is reserved in limits must be zero") {
  nic_error error;
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  nic_info info;
  for (uint64_t& reserved : options.limits.reserved) {
    reserved = 1;
    REQUIRE(TryNew(options, &error) == NIC_UNSUPPORTED_FEATURE);
    REQUIRE(Mentions(error, "limits"));
    REQUIRE(nic_read_info("x", 1, &options.limits, &info, &error) == NIC_UNSUPPORTED_FEATURE);
    reserved = 0;
  }
  REQUIRE(nic_read_info("x", 1, &options.limits, &info, &error) != NIC_UNSUPPORTED_FEATURE);
}

namespace {

// What was logged, as "level message".
struct Listener {
  static void Call(void* user, nic_log_level level, const char* message) {
    auto* self = static_cast<Listener*>(user);
    self->lines.push_back(std::to_string(level) + " " + message);
    self->same_thread = self->same_thread && std::this_thread::get_id() == self->thread;
  }
  nic_context_options Options() {
    nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
    options.threads = 3;
    options.log = Call;
    options.log_user = this;
    return options;
  }
  // How many lines begin with a text.
  size_t Count(const std::string& begin) const {
    return static_cast<size_t>(
        std::count_if(lines.begin(), lines.end(), [&](const std::string& line) { return line.starts_with(begin); }));
  }
  std::vector<std::string> lines;
  std::thread::id thread = std::this_thread::get_id();
  bool same_thread = true;
};

}  // namespace

TEST_CASE("the log tells what was chosen and loaded, in the calling thread") {
  Listener listener;
  nic_context_options options = listener.Options();
  options.target = "scalar";
  const Context context = NewSmallContext(options);
  REQUIRE(listener.Count("2 libnic " + std::string(nic_version()) + ": vector instructions scalar, 3 at once") == 1);
  const Picture picture = MakePicture(300, 200, NIC_RGB8);
  const Bytes file = EncodeSmall(context, picture, 70, 64);
  Decode(context, file);
  REQUIRE(listener.Count("2 model 4000 ") == 1);  // used twice, loaded once
  REQUIRE(listener.lines.back().ends_with("loaded: added by the caller"));

  const Encoder encoder = NewEncoder(context);
  Set(encoder, NIC_ENCODER_TARGET_SIZE, std::floor(static_cast<double>(file.size()) * 0.6));
  Encode(encoder, picture);
  REQUIRE(listener.Count("3 gain level ") >= 2);
  REQUIRE(listener.Count("1 ") == 0);
  nic_encoder_reset(encoder.get());
  Set(encoder, NIC_ENCODER_MODEL_ID, kSmallModelId);
  Set(encoder, NIC_ENCODER_TARGET_SIZE, 1);
  Encode(encoder, picture);
  REQUIRE(listener.Count("1 the target lies outside") == 1);
  REQUIRE(listener.same_thread);
  for (const std::string& line : listener.lines) REQUIRE(line.find('\n') == std::string::npos);
}

TEST_CASE("the log tells of slices that were passed over") {
  Listener listener;
  const Context context = NewSmallContext(listener.Options());
  Bytes file = EncodeSmall(context, MakePicture(300, 200, NIC_RGB8), 70, 64);
  nic_slice_info slice;
  REQUIRE(nic_read_slice_info(file.data(), file.size(), nullptr, 5, &slice, nullptr) == NIC_OK);
  file[slice.offset + slice.size / 2] ^= 0x55;
  const Decoder decoder = NewDecoder(context);
  REQUIRE(nic_decoder_set(decoder.get(), NIC_DECODER_KEEP_GOING, 1) == NIC_OK);
  REQUIRE(nic_decoder_open(decoder.get(), file.data(), file.size()) == NIC_OK);
  const auto drop = [](void*, uint32_t, uint32_t, const uint8_t*, size_t) { return 0; };
  REQUIRE(nic_decoder_decode_rows(decoder.get(), drop, nullptr) == NIC_SLICE_DAMAGED);
  REQUIRE(listener.Count("1 1 slices are damaged or missing") == 1);
}

TEST_CASE("the log tells of packages and plug-ins that cannot be used") {
  const auto folder = std::filesystem::temp_directory_path() / ("nic-log-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  std::ofstream(folder / "broken.nicm") << "this is no package";
  std::ofstream(folder / "libnic-torch.so") << "this is no library";
  const Environment models("NIC_MODEL_PATH", folder.c_str());
  const Environment plugins("NIC_PLUGIN_PATH", folder.c_str());
  Listener listener;
  const Context context = NewSmallContext(listener.Options());
  nic_model_info info;
  REQUIRE(nic_context_model(context.get(), 1000, &info, nullptr) == NIC_INVALID_ARGUMENT);
  REQUIRE(listener.Count("1 " + (folder / "broken.nicm").string() + " is passed over: ") == 1);

  const Encoder encoder = NewEncoder(context);
  Set(encoder, NIC_ENCODER_EFFORT, 6);
  Picture picture = MakePicture(20, 20, NIC_RGB8);
  const nic_image image = picture.View();
  const uint8_t* bytes = nullptr;
  size_t size = 0;
  REQUIRE(nic_encoder_encode(encoder.get(), &image, 0, &bytes, &size, nullptr) == NIC_UNSUPPORTED_FEATURE);
  REQUIRE(listener.Count("1 plug-in " + (folder / "libnic-torch.so").string() + " cannot be loaded: ") == 1);
  std::filesystem::remove_all(folder);
}

TEST_CASE("an unknown target is refused, from the options and from the environment") {
  nic_error error;
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  for (const char* name : {"avx3", "SCALAR", "scalar ", "scala"}) {
    options.target = name;
    REQUIRE(TryNew(options, &error) == NIC_INVALID_ARGUMENT);
    REQUIRE(Mentions(error, "target"));
    REQUIRE(Mentions(error, name));
    options.target = nullptr;
    const Environment environment("NIC_TARGET", name);
    REQUIRE(TryNew(options, &error) == NIC_INVALID_ARGUMENT);
    REQUIRE(Mentions(error, "NIC_TARGET"));
    REQUIRE(Mentions(error, "scalar, sse4, avx2, avx512, neon"));
  }
  const std::string endless(10000, 'x');
  options.target = endless.c_str();
  REQUIRE(TryNew(options, &error) == NIC_INVALID_ARGUMENT);
}

TEST_CASE("a target that this machine lacks is refused by name, one that it has is taken") {
  nic_error error;
  int lacking = 0;
  for (const char* name : {"scalar", "sse4", "avx2", "avx512", "neon"}) {
    nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
    options.target = name;
    const nic_status status = TryNew(options, &error);
    if (status != NIC_OK) {
      ++lacking;
      REQUIRE(status == NIC_INVALID_ARGUMENT);
      REQUIRE(Mentions(error, "does not support"));
      REQUIRE(Mentions(error, name));
    }
    options.target = nullptr;
    const Environment environment("NIC_TARGET", name);
    REQUIRE(TryNew(options, &error) == status);
    if (status != NIC_OK) REQUIRE(Mentions(error, "NIC_TARGET"));
  }
  REQUIRE(lacking >= 1);  // no processor has both AVX and Neon
  REQUIRE(lacking <= 4);
}

TEST_CASE("the options come before the environment, and an empty variable is none") {
  nic_error error;
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  const Environment wrong("NIC_TARGET", "nonsense");
  options.target = "scalar";
  REQUIRE(TryNew(options, &error) == NIC_OK);
  const Environment empty("NIC_TARGET", "");
  options.target = nullptr;
  REQUIRE(TryNew(options, &error) == NIC_OK);
  options.target = "";
  REQUIRE(TryNew(options, &error) == NIC_OK);
}

TEST_CASE("the version is the headers'") {
  const std::string expected = std::to_string(NIC_VERSION_MAJOR) + "." + std::to_string(NIC_VERSION_MINOR) + "." +
                               std::to_string(NIC_VERSION_PATCH);
  REQUIRE(nic_version() == expected);
}

TEST_CASE("the caller's executor gives the same bytes and pixels as libnic's threads") {
  const Picture picture = MakePicture(300, 200, NIC_RGB8);
  const Context plain = NewSmallContext();
  const Bytes file = EncodeSmall(plain, picture, 70, 64);
  const Picture pixels = Decode(plain, file);
  for (const size_t width :
       {size_t{0}, size_t{1}, size_t{3}, size_t{200}, SIZE_MAX, SIZE_MAX / 2 + 1, size_t{1} << 62}) {
    CAPTURE(width);
    Executor executor;
    nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
    options.executor = executor.Hooks(width);
    options.threads = 250;  // ignored
    const Context context = NewSmallContext(options);
    REQUIRE(EncodeSmall(context, picture, 70, 64) == file);
    REQUIRE(Decode(context, file).pixels == pixels.pixels);
    if (width > 1) REQUIRE(executor.runs > 0);
  }
}

TEST_CASE("progress rises to 1 in the calling thread, and nothing stops unasked") {
  for (const uint32_t threads : {1u, 3u}) {
    Watcher watcher;
    const Context context = NewSmallContext(watcher.Options(threads));
    const Picture picture = MakePicture(300, 200, NIC_RGB8);
    watcher.Restart(0);
    const Bytes file = EncodeSmall(context, picture, 70, 64);
    RequireRising(watcher.seen);
    REQUIRE(watcher.seen.size() >= 4);

    watcher.Restart(0);
    Decode(context, file);
    RequireRising(watcher.seen);
    REQUIRE(watcher.seen.size() >= 5);

    const Encoder encoder = NewEncoder(context);
    Set(encoder, NIC_ENCODER_TARGET_SIZE, static_cast<double>(file.size()));
    watcher.Restart(0);
    Encode(encoder, picture);
    REQUIRE(std::is_sorted(watcher.seen.begin(), watcher.seen.end()));
    REQUIRE(watcher.seen.back() <= 1);
    REQUIRE(watcher.same_thread);
  }
}

TEST_CASE("every call of progress can cancel, and the objects stay usable") {
  const uint32_t threads = GENERATE(1u, 3u);
  CAPTURE(threads);
  Watcher watcher;
  const Context context = NewSmallContext(watcher.Options(threads));
  Picture picture = MakePicture(300, 200, NIC_RGB8);
  const Encoder encoder = NewEncoder(context);
  Set(encoder, NIC_ENCODER_SLICE_SIDE, 64);
  watcher.Restart(0);
  const Bytes file = Encode(encoder, picture);
  const size_t encoder_calls = watcher.seen.size();
  for (size_t stop = 1; stop <= encoder_calls; ++stop) {
    watcher.Restart(stop);
    const nic_image image = picture.View();
    const uint8_t* bytes = nullptr;
    size_t size = 1;
    CAPTURE(stop);
    REQUIRE(nic_encoder_encode(encoder.get(), &image, 0, &bytes, &size, nullptr) == NIC_CANCELLED);
    REQUIRE(bytes == nullptr);
    REQUIRE(size == 0);
    REQUIRE(watcher.seen.size() == stop);
    REQUIRE(nic_encoder_error(encoder.get())->status == NIC_CANCELLED);
  }
  watcher.Restart(0);
  REQUIRE(Encode(encoder, picture) == file);

  watcher.Restart(0);
  const Picture decoded = Decode(context, file);
  const size_t decoder_calls = watcher.seen.size();
  for (size_t stop = 1; stop <= decoder_calls; ++stop) {
    watcher.Restart(stop);
    nic_image image;
    CAPTURE(stop);
    REQUIRE(nic_decode(context.get(), file.data(), file.size(), &image, nullptr) == NIC_CANCELLED);
    REQUIRE(image.pixels == nullptr);
    REQUIRE(watcher.seen.size() == stop);
  }
  watcher.Restart(0);
  REQUIRE(Decode(context, file).pixels == decoded.pixels);
}

TEST_CASE("all memory comes from the caller's allocator and goes back") {
  CountingAllocator allocator;
  nic_context_options options = NIC_CONTEXT_OPTIONS_INIT;
  options.allocator = allocator.Hooks();
  const uint32_t threads = GENERATE(1u, 3u);
  options.threads = threads;
  {
    const Context context = NewSmallContext(options);
    const uint64_t model_only = allocator.held();
    REQUIRE(model_only >= SmallPackage().size());
    const Picture picture = MakePicture(300, 200, NIC_RGBA8);
    const Bytes file = EncodeSmall(context, picture, 70, 64);
    nic_image image;
    REQUIRE(nic_decode(context.get(), file.data(), file.size(), &image, nullptr) == NIC_OK);
    const uint64_t with_result = allocator.held();
    nic_free(context.get(), image.pixels);
    REQUIRE(with_result - allocator.held() == 300 * 200 * 4);
    REQUIRE(allocator.peak() >= nic_context_peak_memory(context.get()));
    nic_free(context.get(), nullptr);
  }
  REQUIRE(allocator.blocks() == 0);
  REQUIRE(allocator.held() == 0);
}

namespace {

// What libnic takes by plain new to encode and decode a picture of a side.
uint64_t PlainBytes(uint32_t side, uint32_t slice_side) {
  const Context context = NewSmallContext();
  const Encoder encoder = NewEncoder(context);
  Set(encoder, NIC_ENCODER_SLICE_SIDE, slice_side);
  Picture picture = MakePicture(side, side, NIC_RGBA8);
  Picture decoded = picture;
  const Decoder decoder = NewDecoder(context);
  const nic_image image = picture.View();
  const nic_image into = decoded.View();
  for (int warm_up = 0; warm_up < 2; ++warm_up) {
    const PlainNew plain;
    const uint8_t* bytes = nullptr;
    size_t size = 0;
    const bool fine = nic_encoder_encode(encoder.get(), &image, 1, &bytes, &size, nullptr) == NIC_OK &&
                      nic_decoder_open(decoder.get(), bytes, size) == NIC_OK &&
                      nic_decoder_decode(decoder.get(), &into) == NIC_OK;
    const uint64_t bytes_taken = plain.bytes();
    if (warm_up == 1) return fine ? bytes_taken : UINT64_MAX;
  }
  return UINT64_MAX;
}

}  // namespace

TEST_CASE("what is allocated past the caller's allocator does not grow with the picture") {
  const uint64_t small = PlainBytes(64, 64);
  REQUIRE(small < 64 * 1024);
  REQUIRE(PlainBytes(800, 1024) <= small + 64 * 1024);
  REQUIRE(PlainBytes(800, 64) <= small + 64 * 1024);
}

TEST_CASE("two contexts work at the same time") {
  const Picture picture = MakePicture(200, 150, NIC_RGB8);
  const Bytes file = EncodeSmall(NewSmallContext(), picture, 70, 64);
  std::vector<Bytes> pixels(3);
  std::vector<std::thread> threads;
  for (Bytes& result : pixels) {
    threads.emplace_back([&result, &file] {
      nic_context* context = nullptr;
      const Bytes& package = SmallPackage();
      nic_image image;
      if (nic_context_new(nullptr, &context, nullptr) == NIC_OK &&
          nic_context_add_model(context, package.data(), package.size(), nullptr, nullptr, nullptr) == NIC_OK &&
          nic_decode(context, file.data(), file.size(), &image, nullptr) == NIC_OK) {
        result.assign(image.pixels, image.pixels + image.stride * image.height);
        nic_free(context, image.pixels);
      }
      nic_context_free(context);
    });
  }
  for (std::thread& thread : threads) thread.join();
  REQUIRE(pixels[0].size() == picture.pixels.size());
  REQUIRE(pixels[1] == pixels[0]);
  REQUIRE(pixels[2] == pixels[0]);
}
