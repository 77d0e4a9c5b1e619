#include "base/memory.h"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

using nic::Buffer;
using nic::LimitReached;
using nic::Memory;

namespace {

// A caller's allocator whose blocks are aligned to 16 bytes and to nothing more.
struct Hook {
  static void* Allocate(void* user, size_t bytes) {
    auto* hook = static_cast<Hook*>(user);
    hook->asked.push_back(bytes);
    if (hook->refuses) return nullptr;
    char* block = static_cast<char*>(std::aligned_alloc(4096, (bytes + 16 + 4095) / 4096 * 4096));
    hook->blocks.push_back(block + 16);
    return block + 16;
  }
  static void Release(void* user, void* block) {
    auto* hook = static_cast<Hook*>(user);
    for (size_t i = 0; i < hook->blocks.size(); ++i) {
      if (hook->blocks[i] != block) continue;
      hook->blocks.erase(hook->blocks.begin() + static_cast<ptrdiff_t>(i));
      std::free(static_cast<char*>(block) - 16);
      return;
    }
    FAIL("released a block that was never handed out");
  }
  Memory::Hooks hooks() { return {Allocate, Release, this}; }

  bool refuses = false;
  std::vector<size_t> asked;
  std::vector<void*> blocks;
};

bool IsAligned(const void* block, size_t alignment) { return reinterpret_cast<uintptr_t>(block) % alignment == 0; }

}  // namespace

TEST_CASE("a memory counts what is held, and the most of it") {
  Memory memory;
  void* a = memory.allocate(100, 8);
  void* b = memory.allocate(50, 8);
  REQUIRE(memory.held() == 150);
  memory.deallocate(a, 100, 8);
  REQUIRE(memory.held() == 50);
  void* c = memory.allocate(20, 8);
  REQUIRE(memory.held() == 70);
  REQUIRE(memory.peak() == 150);
  memory.deallocate(b, 50, 8);
  memory.deallocate(c, 20, 8);
  REQUIRE(memory.held() == 0);
  REQUIRE(memory.peak() == 150);
}

TEST_CASE("a limit lets its own number of bytes pass and not one more") {
  Memory memory(100);
  void* block = memory.allocate(100, 8);
  REQUIRE_THROWS_AS(memory.allocate(1, 1), LimitReached);
  memory.deallocate(block, 100, 8);
  REQUIRE_THROWS_AS(memory.allocate(101, 1), LimitReached);
  REQUIRE(memory.held() == 0);
  block = memory.allocate(60, 8);
  try {
    static_cast<void>(memory.allocate(41, 1));
    FAIL("beyond the limit");
  } catch (const LimitReached& reached) {
    REQUIRE(reached.limit == 100);
    REQUIRE(reached.wanted == 101);
    REQUIRE(std::strlen(reached.what()) > 0);
  }
  REQUIRE(memory.held() == 60);
  memory.set_limit(101);
  REQUIRE(memory.limit() == 101);
  memory.deallocate(memory.allocate(41, 1), 41, 1);
  memory.deallocate(block, 60, 8);
}

TEST_CASE("an empty block counts as the byte that it takes") {
  static uint64_t asked = 0;
  asked = 0;
  Memory::Hooks hooks;
  hooks.allocate = [](void*, size_t bytes) {
    asked += bytes;
    return std::malloc(bytes);
  };
  hooks.release = [](void*, void* block) { std::free(block); };
  Memory memory(10, hooks);
  void* block = memory.allocate(0, 1);
  REQUIRE(asked == 1);
  REQUIRE(memory.held() == 1);
  REQUIRE_THROWS_AS(memory.allocate(10, 1), LimitReached);
  memory.deallocate(block, 0, 1);
  REQUIRE(memory.held() == 0);
}

TEST_CASE("no size is too large to be refused") {
  Memory limited(1000);
  Memory unlimited;
  void* held = limited.allocate(10, 8);
  for (const size_t size : {SIZE_MAX, SIZE_MAX - 7, SIZE_MAX - 72, SIZE_MAX / 2}) {
    for (const size_t alignment : {size_t{1}, size_t{16}, size_t{64}, size_t{4096}}) {
      CAPTURE(size, alignment);
      REQUIRE_THROWS_AS(limited.allocate(size, alignment), std::bad_alloc);
      REQUIRE_THROWS_AS(unlimited.allocate(size, alignment), std::bad_alloc);
    }
  }
  try {
    static_cast<void>(limited.allocate(SIZE_MAX, 1));
    FAIL("beyond the limit");
  } catch (const LimitReached& reached) {
    REQUIRE(reached.wanted == UINT64_MAX);
  }
  REQUIRE(limited.held() == 10);
  REQUIRE(unlimited.held() == 0);
  limited.deallocate(held, 10, 8);
}

TEST_CASE("blocks have the alignment asked for, with malloc and with hooks") {
  Hook hook;
  Memory plain;
  Memory hooked(Memory::kNoLimit, hook.hooks());
  for (Memory* memory : {&plain, &hooked}) {
    for (size_t alignment = 1; alignment <= 4096; alignment *= 2) {
      for (const size_t size : {0u, 1u, 63u, 64u, 1000u}) {
        CAPTURE(alignment, size);
        void* block = memory->allocate(size, alignment);
        REQUIRE(block != nullptr);
        REQUIRE(IsAligned(block, alignment));
        if (size) std::memset(block, 0xA5, size);
        memory->deallocate(block, size, alignment);
      }
    }
    REQUIRE(memory->held() == 0);
  }
  REQUIRE(hook.blocks.empty());
  REQUIRE_FALSE(hook.asked.empty());
  for (const size_t asked : hook.asked) REQUIRE(asked > 0);
}

TEST_CASE("hooks get all blocks back, and a refusal is out of memory") {
  Hook hook;
  Memory memory(1000, hook.hooks());
  void* block = memory.allocate(300, 8);
  REQUIRE(hook.blocks.size() == 1);
  hook.refuses = true;
  REQUIRE_THROWS_AS(memory.allocate(10, 8), std::bad_alloc);
  try {
    static_cast<void>(memory.allocate(10, 64));
    FAIL("the hook refuses");
  } catch (const LimitReached&) {
    FAIL("not the limit");
  } catch (const std::bad_alloc&) {
  }
  REQUIRE(memory.held() == 300);
  REQUIRE(memory.peak() == 300);
  hook.refuses = false;
  memory.deallocate(memory.allocate(700, 8), 700, 8);
  memory.deallocate(block, 300, 8);
  REQUIRE(hook.blocks.empty());
  const size_t asked = hook.asked.size();
  REQUIRE_THROWS_AS(memory.allocate(1001, 8), LimitReached);
  REQUIRE(hook.asked.size() == asked);
}

TEST_CASE("containers give back what they took") {
  Memory memory;
  {
    std::pmr::vector<uint32_t> numbers(&memory);
    for (uint32_t i = 0; i < 1000; ++i) numbers.push_back(i);
    REQUIRE(memory.held() >= 4000);
    std::pmr::vector<uint32_t> moved(std::move(numbers));
    REQUIRE(moved[999] == 999);
  }
  REQUIRE(memory.held() == 0);
  Memory other;
  REQUIRE(memory.is_equal(memory));
  REQUIRE_FALSE(memory.is_equal(other));
}

TEST_CASE("threads together never hold more than the limit") {
  constexpr uint64_t kLimit = 1000;
  static std::atomic<uint64_t> held{0};
  static std::atomic<bool> exceeded{false};
  held = 0;
  exceeded = false;
  Memory::Hooks hooks;
  hooks.allocate = [](void*, size_t bytes) -> void* {
    if (held.fetch_add(bytes) + bytes > kLimit) exceeded = true;
    auto* block = static_cast<size_t*>(std::malloc(bytes + 16));
    *block = bytes;
    return block + 2;
  };
  hooks.release = [](void*, void* block) {
    held -= static_cast<size_t*>(block)[-2];
    std::free(static_cast<size_t*>(block) - 2);
  };
  Memory memory(kLimit, hooks);
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (size_t number = 0; number < 4; ++number) {
    threads.emplace_back([&, number] {
      for (size_t i = 0; i < 5000; ++i) {
        const size_t size = (i * 37 + number * 101) % 600;
        try {
          memory.deallocate(memory.allocate(size, 8), size, 8);
        } catch (const LimitReached&) {
          ++refused;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  REQUIRE_FALSE(exceeded);
  REQUIRE(memory.held() == 0);
  REQUIRE(memory.peak() <= kLimit);
  REQUIRE(memory.peak() >= 599);
}

TEST_CASE("a buffer is aligned, has slack behind it and gives its memory back") {
  Memory memory;
  {
    Buffer<int16_t> buffer(memory, 101);
    REQUIRE(buffer.size() == 101);
    REQUIRE_FALSE(buffer.empty());
    REQUIRE(IsAligned(buffer.data(), Buffer<int16_t>::kAlignment));
    REQUIRE(buffer.end() - buffer.begin() == 101);
    // A sanitizer would tell if the slack were not part of the block.
    std::memset(static_cast<void*>(buffer.data()), 1, 101 * sizeof(int16_t) + Buffer<int16_t>::kSlack);
    REQUIRE(memory.held() >= 202 + Buffer<int16_t>::kSlack);
  }
  REQUIRE(memory.held() == 0);
}

TEST_CASE("a buffer is filled when a value is given") {
  Memory memory;
  Buffer<int32_t> buffer(memory, 77, -5);
  for (const int32_t value : buffer) REQUIRE(value == -5);
  buffer[3] = 8;
  const Buffer<int32_t>& constant = buffer;
  REQUIRE(constant[3] == 8);
  REQUIRE(constant.data() == buffer.data());
}

TEST_CASE("a buffer moves with its block") {
  Memory memory;
  Buffer<uint8_t> a(memory, 10, uint8_t{7});
  const uint8_t* data = a.data();
  Buffer<uint8_t> b(std::move(a));
  REQUIRE(a.empty());
  REQUIRE(a.data() == nullptr);
  REQUIRE(b.data() == data);
  const uint64_t of_one = memory.held();
  Buffer<uint8_t> c(memory, 10, uint8_t{9});
  c = std::move(b);
  REQUIRE(c.data() == data);
  REQUIRE(memory.held() == of_one);
  Buffer<uint8_t>& alias = c;
  c = std::move(alias);
  REQUIRE(c.data() == data);
  REQUIRE(c[9] == 7);
  c = Buffer<uint8_t>();
  REQUIRE(memory.held() == 0);
}

TEST_CASE("a buffer too large for the address space is refused") {
  Memory memory;
  REQUIRE_THROWS_AS(Buffer<uint64_t>(memory, SIZE_MAX / 8), std::bad_alloc);
  REQUIRE_THROWS_AS(Buffer<uint64_t>(memory, SIZE_MAX), std::bad_alloc);
  REQUIRE_THROWS_AS(Buffer<uint8_t>(memory, SIZE_MAX), std::bad_alloc);
  REQUIRE_THROWS_AS(Buffer<uint8_t>(memory, SIZE_MAX - 128), std::bad_alloc);
  REQUIRE(memory.held() == 0);
  const Buffer<uint8_t> nothing(memory, 0);
  REQUIRE(nothing.empty());
  REQUIRE(nothing.begin() == nothing.end());
}
