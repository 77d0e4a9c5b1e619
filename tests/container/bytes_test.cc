#include "container/bytes.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace nic {
namespace {

using Bytes = std::pmr::vector<uint8_t>;

Bytes Varint(uint64_t value) {
  Bytes bytes;
  ByteWriter(&bytes).Varint(value);
  return bytes;
}

Status Read32(const Bytes& bytes, uint32_t* value) { return ByteReader(bytes).Varint32("field", value); }
Status Read64(const Bytes& bytes, uint64_t* value) { return ByteReader(bytes).Varint64("field", value); }

TEST_CASE("Fields come back in order") {
  Bytes bytes;
  ByteWriter writer(&bytes);
  writer.U8(0x01);
  writer.U16(0x0302);
  writer.U24(0x060504);
  writer.U32(0x0A090807);
  writer.U64(0x1211100F0E0D0C0B);
  for (size_t i = 0; i < bytes.size(); ++i) REQUIRE(bytes[i] == i + 1);
  writer.Varint(300);
  writer.Bytes(std::vector<uint8_t>{7, 8, 9});

  ByteReader reader(bytes);
  uint8_t a = 0;
  uint16_t b = 0;
  uint32_t c = 0;
  uint32_t d = 0;
  uint64_t e = 0;
  uint32_t f = 0;
  std::span<const uint8_t> g;
  REQUIRE(reader.U8("a", &a).ok());
  REQUIRE(reader.U16("b", &b).ok());
  REQUIRE(reader.U24("c", &c).ok());
  REQUIRE(reader.U32("d", &d).ok());
  REQUIRE(reader.U64("e", &e).ok());
  REQUIRE(reader.Varint32("f", &f).ok());
  REQUIRE(reader.Bytes("g", 3, &g).ok());
  CHECK(a == 0x01);
  CHECK(b == 0x0302);
  CHECK(c == 0x060504);
  CHECK(d == 0x0A090807);
  CHECK(e == 0x1211100F0E0D0C0B);
  CHECK(f == 300);
  CHECK((g.size() == 3 && g[0] == 7 && g[2] == 9));
  CHECK(reader.remaining() == 0);
}

TEST_CASE("Varints have the least length") {
  for (int bits = 0; bits < 64; ++bits) {
    for (int64_t delta = -2; delta <= 2; ++delta) {
      const uint64_t value = (uint64_t{1} << bits) + static_cast<uint64_t>(delta);
      const Bytes bytes = Varint(value);
      REQUIRE(bytes.size() == static_cast<size_t>(VarintSize(value)));
      REQUIRE((bytes.size() == 1 || value >> (7 * (bytes.size() - 1)) != 0));
      uint64_t wide = 0;
      REQUIRE(Read64(bytes, &wide).ok());
      REQUIRE(wide == value);
      uint32_t narrow = 0;
      REQUIRE(Read32(bytes, &narrow).ok() == (value <= UINT32_MAX));
      if (value <= UINT32_MAX) REQUIRE(narrow == value);
    }
  }
  CHECK(Varint(0) == Bytes{0});
  CHECK(Varint(127) == Bytes{0x7F});
  CHECK(Varint(128) == Bytes{0x80, 0x01});
  CHECK(Varint(UINT64_MAX).size() == 10);
}

TEST_CASE("Varints that are longer than needed or too large are malformed") {
  const std::vector<Bytes> padded = {{0x80, 0x00}, {0xFF, 0x00}, {0x80, 0x80, 0x00}, {0x81, 0x80, 0x80, 0x80, 0x00}};
  for (const Bytes& bytes : padded) {
    uint32_t value = 77;
    CHECK(Read32(bytes, &value).code() == NIC_MALFORMED);
    CHECK(value == 77);
    uint64_t wide = 77;
    CHECK(Read64(bytes, &wide).code() == NIC_MALFORMED);
  }
  uint32_t value = 0;
  uint64_t wide = 0;
  CHECK(Read32({0xFF, 0xFF, 0xFF, 0xFF, 0x0F}, &value).ok());
  CHECK(value == UINT32_MAX);
  CHECK(Read32({0xFF, 0xFF, 0xFF, 0xFF, 0x1F}, &value).code() == NIC_MALFORMED);
  CHECK(Read32({0x80, 0x80, 0x80, 0x80, 0x80, 0x01}, &value).code() == NIC_MALFORMED);
  CHECK(Read64({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01}, &wide).ok());
  CHECK(wide == UINT64_MAX);
  CHECK(Read64({0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02}, &wide).code() == NIC_MALFORMED);
  CHECK(Read64({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x81, 0x00}, &wide).code() == NIC_MALFORMED);
}

TEST_CASE("Ends are reported with the field, at the end, and nothing is consumed") {
  const Bytes bytes = {1, 2, 0x80};
  ByteReader reader(bytes, 100);
  uint64_t u64 = 0;
  uint32_t u32 = 0;
  uint16_t u16 = 0;
  uint8_t u8 = 0;
  std::span<const uint8_t> span;
  REQUIRE(reader.U16("first", &u16).ok());
  for (const Status& status : {reader.U16("name", &u16), reader.U24("name", &u32), reader.U32("name", &u32),
                               reader.U64("name", &u64), reader.Varint32("name", &u32), reader.Varint64("name", &u64),
                               reader.Bytes("name", 2, &span), reader.Bytes("name", UINT64_MAX, &span)}) {
    CHECK(status.code() == NIC_TRUNCATED);
    CHECK(status.offset() == 103);
    CHECK(std::string(status.message()).find("name") == 0);
  }
  CHECK(reader.position() == 2);
  CHECK(reader.offset() == 102);
  REQUIRE(reader.U8("last", &u8).ok());
  CHECK(reader.U8("name", &u8).code() == NIC_TRUNCATED);
}

TEST_CASE("A reader reports with the codes that it was given") {
  const Bytes bytes = {0x80, 0x00};
  ByteReader reader(bytes, 7, NIC_SLICE_DAMAGED, NIC_MODEL_MALFORMED);
  uint32_t value = 0;
  const Status malformed = reader.Varint32("v", &value);
  CHECK(malformed.code() == NIC_MODEL_MALFORMED);
  CHECK(malformed.offset() == 7);
  CHECK(reader.U32("v", &value).code() == NIC_SLICE_DAMAGED);
}

}  // namespace
}  // namespace nic
