#include "tools/pnm_reader.h"

#include <cstring>
#include <map>
#include <optional>
#include <sstream>
#include <string>

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
  bool ReadLine(std::string* line);
  Outcome ReadPamHeader(const nic_limits& limits, Picture* picture);
  Outcome Begin(uint64_t width, uint64_t height, nic_pixel_format format, const nic_limits& limits, Picture* picture);
  Outcome ReadPlain(Picture* picture);
  Outcome ReadPlainRow(uint8_t* row, size_t count);
  Outcome ReadRaw(Picture* picture);
  Outcome ReadBits(Picture* picture);
  Outcome Fail(const char* why) const;
  bool deep() const { return maximum_ > 255; }  // samples of 16 bits
  uint32_t Scale(uint32_t sample) const {
    return static_cast<uint32_t>((uint64_t{sample} * (deep() ? 65535 : 255) + maximum_ / 2) / maximum_);
  }
  // Writes a scaled sample and moves on.
  void Store(uint32_t sample, uint8_t** to) const {
    const auto narrow = static_cast<uint8_t>(Scale(sample));
    const auto wide = static_cast<uint16_t>(Scale(sample));
    std::memcpy(*to, deep() ? static_cast<const void*>(&wide) : &narrow, deep() ? 2 : 1);
    *to += deep() ? 2 : 1;
  }

  InputFile* file_;
  int kind_ = 0;  // 1 to 7
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
  if (kind_ == 7) return ReadPamHeader(limits, picture);
  const bool bitmap = kind_ == 1 || kind_ == 4;
  const auto width = ReadNumber();
  if (!width) return Fail("the width is no number");
  const auto height = ReadNumber();
  if (!height) return Fail("the height is no number");
  const auto maximum = bitmap ? 1 : ReadNumber();
  if (!maximum || *maximum < 1 || *maximum > 65535) return Fail("the largest value is not in 1..65535");
  maximum_ = *maximum;
  return Begin(*width, *height, kind_ == 3 || kind_ == 6 ? NIC_RGB8 : NIC_GREY8, limits, picture);
}

// `format`: of 8 bits, as which the channels are told.
Outcome PnmReader::Begin(uint64_t width, uint64_t height, nic_pixel_format format, const nic_limits& limits,
                         Picture* picture) {
  return picture->AllocateRows(width, height, static_cast<nic_pixel_format>(format + (deep() ? 16 : 0)), limits);
}

// A line of a PAM header; false at the end of the file, and for one that is longer than any can be.
bool PnmReader::ReadLine(std::string* line) {
  constexpr size_t kLongest = 1000;
  line->clear();
  int c = Next();
  for (; c != '\n' && c != kEnd && line->size() < kLongest; c = Next()) line->push_back(static_cast<char>(c));
  return c == '\n';
}

Outcome PnmReader::ReadPamHeader(const nic_limits& limits, Picture* picture) {
  std::map<std::string, uint64_t> fields = {{"WIDTH", 0}, {"HEIGHT", 0}, {"DEPTH", 0}, {"MAXVAL", 0}};
  std::string line;
  std::string name;
  while (ReadLine(&line)) {
    std::istringstream words(line);
    name.clear();
    if (!(words >> name) || name[0] == '#' || name == "TUPLTYPE") continue;  // the depth says as much
    if (name == "ENDHDR") break;
    const auto field = fields.find(name);
    if (field == fields.end() || !(words >> field->second)) return Fail(("field " + name.substr(0, 20)).c_str());
  }
  if (name != "ENDHDR") return Fail("the header has no end");
  if (fields["MAXVAL"] < 1 || fields["MAXVAL"] > 65535) return Fail("MAXVAL is not in 1..65535");
  maximum_ = static_cast<uint32_t>(fields["MAXVAL"]);
  const uint64_t depth = fields["DEPTH"];
  if (depth < 1 || depth > 4) {
    return Outcome::Failure(kExitUnsupported, "not supported",
                            "a PAM of " + std::to_string(depth) + " channels; nic has 1 to 4: grey or RGB, and alpha");
  }
  return Begin(fields["WIDTH"], fields["HEIGHT"], static_cast<nic_pixel_format>(depth), limits, picture);
}

Outcome PnmReader::ReadPlain(Picture* picture) {
  for (uint32_t y = 0; y < picture->height; ++y) {
    NIC_TOOLS_RETURN_IF_FAILED(ReadPlainRow(picture->row(y), picture->stride() / (deep() ? 2 : 1)));
    NIC_TOOLS_RETURN_IF_FAILED(picture->FinishRow(y));
  }
  return {};
}

Outcome PnmReader::ReadPlainRow(uint8_t* row, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const auto sample = kind_ == 1 ? ReadBit() : ReadNumber();
    if (!sample) return Fail("a sample is no number");
    if (*sample > maximum_) return Fail("a sample is larger than the largest value");
    Store(*sample, &row);
  }
  return {};
}

Outcome PnmReader::ReadRaw(Picture* picture) {
  std::vector<uint8_t> raw(picture->stride());
  for (uint32_t y = 0; y < picture->height; ++y) {
    ended_ = file_->Read(raw.data(), raw.size()) < raw.size();
    if (ended_) return Fail("");
    uint8_t* row = picture->row(y);
    for (size_t i = 0; i < raw.size(); i += deep() ? 2 : 1) {
      const uint32_t sample = deep() ? static_cast<uint32_t>(raw[i] << 8 | raw[i + 1]) : raw[i];
      if (sample > maximum_) return Fail("a sample is larger than the largest value");
      Store(sample, &row);
    }
    NIC_TOOLS_RETURN_IF_FAILED(picture->FinishRow(y));
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
    NIC_TOOLS_RETURN_IF_FAILED(picture->FinishRow(y));
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
