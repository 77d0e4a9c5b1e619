#include "tools/metadata_file.h"

#include <algorithm>
#include <string_view>

#include "tools/input_file.h"
#include "tools/number.h"
#include "tools/output_file.h"

namespace nic::tools {
namespace {

using namespace std::string_view_literals;

constexpr uint64_t kDefaultMaxMetadata = 64 << 20;  // libnic's

bool StandsAt(const std::vector<uint8_t>& bytes, size_t at, std::string_view text) {
  return bytes.size() >= at + text.size() && std::equal(text.begin(), text.end(), bytes.begin() + at);
}

// JPEG segments begin with a name that the data themselves do not have.
void DropSegmentName(std::vector<uint8_t>* exif) {
  if (StandsAt(*exif, 0, "Exif\0\0"sv)) exif->erase(exif->begin(), exif->begin() + 6);
}

bool LooksLikeXmp(const std::vector<uint8_t>& bytes) {
  size_t at = StandsAt(bytes, 0, "\xef\xbb\xbf") ? 3 : 0;
  while (at < bytes.size() && " \t\r\n"sv.find(static_cast<char>(bytes[at])) != std::string_view::npos) ++at;
  return StandsAt(bytes, at, "<") && std::find(bytes.begin(), bytes.end(), 0) == bytes.end();
}

// Why the bytes cannot be what they are given for; empty if they can.
std::string Doubt(nic_metadata kind, const std::vector<uint8_t>& bytes) {
  switch (kind) {
    case NIC_METADATA_ICC:
      return StandsAt(bytes, 36, "acsp") ? "" : "no profile signature at byte 36";
    case NIC_METADATA_EXIF:
      return StandsAt(bytes, 0, "II*\0"sv) || StandsAt(bytes, 0, "MM\0*"sv) ? "" : "no TIFF header at its beginning";
    case NIC_METADATA_XMP:
      return LooksLikeXmp(bytes) ? "" : "not XML";
    case NIC_METADATA_CICP:  // has no files of its own
      break;
  }
  return "";
}

Outcome ReadFile(const MetadataKind& kind, const std::string& path, uint64_t limit, std::vector<uint8_t>* bytes) {
  InputFile file;
  NIC_TOOLS_RETURN_IF_FAILED(file.Open(path));
  const Outcome read = file.ReadAll(limit, bytes);
  if (read.exit_status() == kExitLimit) {
    return Outcome::Failure(kExitLimit, "too much metadata", "more than " + Grouped(limit) + " bytes");
  }
  NIC_TOOLS_RETURN_IF_FAILED(read);
  if (kind.kind == NIC_METADATA_EXIF) DropSegmentName(bytes);
  const std::string doubt = Doubt(kind.kind, *bytes);
  if (doubt.empty()) return {};
  return Outcome::Failure(kExitMalformed, std::string("does not hold ") + kind.article_name, doubt);
}

std::string OptionOf(const MetadataKind& kind) { return std::string("--") + kind.option; }

}  // namespace

bool AnyGiven(const MetadataFiles& files) {
  return std::any_of(files.begin(), files.end(), [](const std::string& file) { return !file.empty(); });
}

Outcome ReadMetadataFiles(const MetadataFiles& files, uint64_t max_metadata, Metadata* metadata) {
  for (size_t i = 0; i < files.size(); ++i) {
    if (files[i].empty()) continue;
    const MetadataKind& kind = kMetadataKinds[i];
    const uint64_t limit = max_metadata ? max_metadata : kDefaultMaxMetadata;
    const Outcome outcome = ReadFile(kind, files[i], limit, &(metadata->*kind.content));
    if (outcome.ok()) continue;
    return Outcome::Failure(outcome.exit_status(), OptionOf(kind) + ": '" + files[i] + "'", outcome.text());
  }
  return {};
}

Outcome WriteMetadataFiles(const MetadataFiles& files, const Metadata& metadata, bool keep_existing) {
  for (size_t i = 0; i < files.size(); ++i) {
    const MetadataKind& kind = kMetadataKinds[i];
    if (files[i].empty() || !(metadata.*kind.content).empty()) continue;
    return Outcome::Failure(kExitFailure, std::string("it holds no ") + kind.name, "leave out " + OptionOf(kind));
  }
  for (size_t i = 0; i < files.size(); ++i) {
    if (files[i].empty()) continue;
    const std::vector<uint8_t>& bytes = metadata.*kMetadataKinds[i].content;
    OutputFile output;
    const bool standard = files[i] == "-";
    NIC_TOOLS_RETURN_IF_FAILED(standard ? output.OpenStandardOutput() : output.Open(files[i], keep_existing));
    NIC_TOOLS_RETURN_IF_FAILED(output.Write(bytes.data(), bytes.size()));
    NIC_TOOLS_RETURN_IF_FAILED(output.Commit());
  }
  return {};
}

}  // namespace nic::tools
