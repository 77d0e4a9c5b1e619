#include "api/sized_struct.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <string>

namespace {

// As this library knows it, as an older header had it, and as a newer one has it.
struct Present {
  size_t struct_size;
  uint32_t first;
  uint32_t second;
  uint64_t third;
};
struct Older {
  size_t struct_size;
  uint32_t first;
  uint32_t second;
};
struct Newer {
  Present known;
  uint64_t fourth;
};

constexpr std::initializer_list<size_t> kOlder = {sizeof(Older)};

Present Defaults() { return {sizeof(Present), 1, 2, 3}; }

}  // namespace

TEST_CASE("a struct of this header is read whole") {
  Present known = Defaults();
  REQUIRE(nic::ReadSized(Present{sizeof(Present), 10, 20, 30}, kOlder, "options", &known).ok());
  REQUIRE((known.first == 10 && known.second == 20 && known.third == 30));
}

TEST_CASE("what an older struct lacks keeps its default, and nothing is read behind it") {
  Present known = Defaults();
  // In a block of its own size, so that sanitizers see any read behind it.
  const auto older = std::make_unique<unsigned char[]>(sizeof(Older));
  const Older content{sizeof(Older), 10, 20};
  std::memcpy(older.get(), &content, sizeof content);
  REQUIRE(nic::ReadSized(*reinterpret_cast<const Present*>(older.get()), kOlder, "options", &known).ok());
  REQUIRE((known.first == 10 && known.second == 20 && known.third == 3));
  REQUIRE(known.struct_size == sizeof(Present));
}

TEST_CASE("a newer struct is taken where its new fields are zero") {
  Present known = Defaults();
  Newer newer{{sizeof(Newer), 10, 20, 30}, 0};
  REQUIRE(nic::ReadSized(newer.known, kOlder, "options", &known).ok());
  REQUIRE((known.first == 10 && known.second == 20 && known.third == 30));
  for (int bit = 0; bit < 64; ++bit) {
    newer.fourth = uint64_t{1} << bit;
    const nic::Status status = nic::ReadSized(newer.known, kOlder, "options", &known);
    REQUIRE(status.code() == NIC_UNSUPPORTED_FEATURE);
    REQUIRE(std::string(status.message()).find("options: ") == 0);
  }
}

TEST_CASE("sizes that no header has are refused") {
  for (const size_t size : {size_t{0}, size_t{1}, sizeof(size_t), sizeof(Older) - 1, sizeof(Older) + 1,
                            sizeof(Present) - 1, nic::kLargestStruct + 1, SIZE_MAX}) {
    Present known = Defaults();
    CAPTURE(size);
    REQUIRE(!nic::IsKnownSize<Present>(size, kOlder));
    REQUIRE(nic::ReadSized(Present{size, 10, 20, 30}, kOlder, "options", &known).code() == NIC_INVALID_ARGUMENT);
    REQUIRE(known.first == 1);
  }
}

TEST_CASE("nothing is written behind an older struct, nor into a newer one's new fields") {
  const auto older = std::make_unique<unsigned char[]>(sizeof(Older));
  Older content{sizeof(Older), 0, 0};
  std::memcpy(older.get(), &content, sizeof content);
  nic::WriteSized(Defaults(), reinterpret_cast<Present*>(older.get()));
  std::memcpy(&content, older.get(), sizeof content);
  REQUIRE((content.struct_size == sizeof(Older) && content.first == 1 && content.second == 2));

  Newer newer{{sizeof(Newer), 0, 0, 0}, 4};
  nic::WriteSized(Defaults(), &newer.known);
  REQUIRE((newer.known.struct_size == sizeof(Newer) && newer.known.third == 3 && newer.fourth == 4));
}
