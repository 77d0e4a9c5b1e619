#include "tools/pnm_reader.h"

#include <optional>

namespace nic::tools {
namespace {

bool IsSpace(int c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

class PnmReader {
 public:
  explicit PnmReader(InputFile* file) : file_(file) {}

  Outcome Read(const nic_limits& limits, Picture* picture);

 private:
  static constexpr int kEnd = -1;

  int Next();  // a byte, or kEnd
  int NextBeyondComments();
  std::optional<uint32_t> ReadNumber();
  std::optional<uint32_t> ReadBit();
  Outcome ReadHeader(const nic_limits& limits, Picture* picture);
  Outcome ReadPlain(Picture* picture);
  Outcome ReadRaw(Picture* picture);
  Outcome ReadBits(Picture* picture);
  Outcome Fail(const char* why) const;
  uint8_t Scale(uint32_t sample) const { return static_cast<uint8_t>((sample * 255 + maximum_ / 2) / maximum_); }

  InputFile* file_;
  int kind_ = 0;  // 1 to 6
  uint32_t maximum_ = 1;
  bool ended_ = false;
};

int PnmReader::Next() {
  const std::span<const uint8_t> ready = file_->Peek(1);
  ended_ = ready.empty();
  if (ended_) return kEnd;
  file_->Skip(1);
  return ready[0];
}

int PnmReader::NextBeyondComments() {
  int c = Next();
  if (c == '#') {
    while (c != '\n' && c != '\r' && c != kEnd) c = Next();
  }
  return c;
}

// A number with the white space before it and the one byte behind it.
std::optional<uint32_t> PnmReader::ReadNumber() {
  int c = NextBeyondComments();
  while (IsSpace(c)) c = NextBeyondComments();
  if (c < '0' || c > '9') return std::nullopt;
  uint64_t number = 0;
  while (c >= '0' && c <= '9') {
    number = number * 10 + static_cast<uint64_t>(c - '0');
    if (number > UINT32_MAX) return std::nullopt;
    c = NextBeyondComments();
  }
  if (c != kEnd && !IsSpace(c)) return std::nullopt;
  ended_ = false;  // the last number of a plain file may stand at its end
  return static_cast<uint32_t>(number);
}

// A digit of a plain bitmap, where white space is optional; 1 is black.
std::optional<uint32_t> PnmReader::ReadBit() {
  int c = NextBeyondComments();
  while (IsSpace(c)) c = NextBeyondComments();
  if (c != '0' && c != '1') return std::nullopt;
  return c == '0' ? 1 : 0;
}

Outcome PnmReader::Fail(const char* why) const {
  NIC_TOOLS_RETURN_IF_FAILED(file_->status());
  if (ended_) return Outcome::Failure(kExitTruncated, "truncated PNM", "the file ends early");
  return Outcome::Failure(kExitMalformed, "malformed PNM", why);
}

Outcome PnmReader::ReadHeader(const nic_limits& limits, Picture* picture) {
  Next();
  kind_ = Next() - '0';
  const bool bitmap = kind_ == 1 || kind_ == 4;
  const auto width = ReadNumber();
  if (!width) return Fail("the width is no number");
  const auto height = ReadNumber();
  if (!height) return Fail("the height is no number");
  const auto maximum = bitmap ? 1 : ReadNumber();
  if (!maximum || *maximum < 1 || *maximum > 65535) return Fail("the largest value is not in 1..65535");
  maximum_ = *maximum;
  if (maximum_ > 255) picture->notes.push_back("samples of more than 8 bits are rounded to 8 bits");
  return picture->Allocate(*width, *height, kind_ == 3 || kind_ == 6 ? NIC_RGB8 : NIC_GREY8, limits);
}

Outcome PnmReader::ReadPlain(Picture* picture) {
  for (uint8_t& pixel : picture->pixels) {
    const auto sample = kind_ == 1 ? ReadBit() : ReadNumber();
    if (!sample) return Fail("a sample is no number");
    if (*sample > maximum_) return Fail("a sample is larger than the largest value");
    pixel = Scale(*sample);
  }
  return {};
}

Outcome PnmReader::ReadRaw(Picture* picture) {
  const size_t bytes = maximum_ > 255 ? 2 : 1;
  std::vector<uint8_t> raw(picture->stride() * bytes);
  for (uint32_t y = 0; y < picture->height; ++y) {
    ended_ = file_->Read(raw.data(), raw.size()) < raw.size();
    if (ended_) return Fail("");
    uint8_t* row = picture->row(y);
    for (size_t i = 0; i < picture->stride(); ++i) {
      const uint32_t sample = bytes == 1 ? raw[i] : static_cast<uint32_t>(raw[2 * i] << 8 | raw[2 * i + 1]);
      if (sample > maximum_) return Fail("a sample is larger than the largest value");
      row[i] = Scale(sample);
    }
  }
  return {};
}

Outcome PnmReader::ReadBits(Picture* picture) {
  std::vector<uint8_t> raw((size_t{picture->width} + 7) / 8);
  for (uint32_t y = 0; y < picture->height; ++y) {
    ended_ = file_->Read(raw.data(), raw.size()) < raw.size();
    if (ended_) return Fail("");
    uint8_t* row = picture->row(y);
    for (uint32_t x = 0; x < picture->width; ++x) row[x] = raw[x / 8] >> (7 - x % 8) & 1 ? 0 : 255;
  }
  return {};
}

Outcome PnmReader::Read(const nic_limits& limits, Picture* picture) {
  NIC_TOOLS_RETURN_IF_FAILED(ReadHeader(limits, picture));
  if (kind_ <= 3) return ReadPlain(picture);
  return kind_ == 4 ? ReadBits(picture) : ReadRaw(picture);
}

}  // namespace

Outcome ReadPnm(InputFile* file, const nic_limits& limits, Picture* picture) {
  return PnmReader(file).Read(limits, picture);
}

}  // namespace nic::tools
