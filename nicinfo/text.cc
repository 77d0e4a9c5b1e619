#include "nicinfo/text.h"

#include <cstdarg>
#include <cstdio>

#include "tools/cicp.h"
#include "tools/metadata.h"
#include "tools/number.h"
#include "tools/picture.h"
#include "tools/report.h"

namespace nic::tools {
namespace {

[[gnu::format(printf, 2, 3)]] void Append(std::string* out, const char* format, ...) {
  char line[256];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  *out += line;
}

// "  label          number" with the share of the whole file behind it.
void AppendBytes(std::string* out, const char* label, uint64_t bytes, uint64_t whole) {
  Append(out, "    %-14s %13s bytes  %5.1f %%\n", label, Grouped(bytes).c_str(),
         whole ? 100.0 * static_cast<double>(bytes) / static_cast<double>(whole) : 0.0);
}

void AppendSizes(std::string* out, const Description& d) {
  const nic_info& info = d.info;
  Append(out, "  %-16s %13s bytes  %.4f bits per pixel\n", "file", Grouped(info.file_size).c_str(), d.bpp());
  AppendBytes(out, "header", info.header_size, info.file_size);
  if (info.metadata_size) AppendBytes(out, "metadata", info.metadata_size, info.file_size);
  if (info.alpha_size) AppendBytes(out, "alpha", info.alpha_size, info.file_size);
  if (info.gain_map_size) AppendBytes(out, "gain map", info.gain_map_size, info.file_size);
  AppendBytes(out, "hyper-latents", info.hyper_size, info.file_size);
  AppendBytes(out, "latents", info.latent_size, info.file_size);
  if (d.bytes_present < info.file_size) AppendBytes(out, "missing", info.file_size - d.bytes_present, info.file_size);
}

void AppendMemory(std::string* out, const Description& d) {
  for (size_t i = 0; i < std::size(kScales); ++i) {
    if (!d.decode_memory[i]) continue;
    const std::string label = i == 0 ? "to decode" : "  to 1/" + std::to_string(kScales[i]) + " a side";
    Append(out, "  %-16s %13s bytes of memory%s\n", label.c_str(), Grouped(d.decode_memory[i]).c_str(),
           i == 0 ? " with one thread" : "");
  }
}

void AppendMetadata(std::string* out, const Description& d) {
  const uint64_t* size = d.metadata_sizes;
  for (const MetadataKind& kind : kMetadataKinds) {
    // Colours by code points are told by what they say, not by their four bytes.
    if (*size && kind.kind != NIC_METADATA_CICP)
      Append(out, "  %-16s %13s bytes, unpacked\n", kind.name, Grouped(*size).c_str());
    ++size;
  }
}

void AppendSlices(std::string* out, const Description& d) {
  Append(out, "  %-16s %u x %u, of %u pixels a side, %u lane%s\n", "slices", d.info.slice_columns, d.info.slice_rows,
         d.info.slice_side, d.info.lanes, d.info.lanes == 1 ? "" : "s");
  *out += "    pixels at         size             bytes   hyper-latents     check   offset\n";
  for (const nic_slice_info& slice : d.slices) {
    char at[32];
    char size[32];
    std::snprintf(at, sizeof at, "%u,%u", slice.x, slice.y);
    std::snprintf(size, sizeof size, "%u x %u", slice.width, slice.height);
    Append(out, "    %-13s %-13s %10s %15s  %08x %8llu\n", at, size, Grouped(slice.size).c_str(),
           Grouped(slice.hyper_size).c_str(), slice.check, static_cast<unsigned long long>(slice.offset));
  }
}

}  // namespace

std::string FormatText(const Description& d) {
  const nic_info& info = d.info;
  std::string out = (d.file == "-" ? "standard input" : OneLine(d.file)) + "\n";
  Append(&out, "  %-16s %u x %u pixels, %s, %u bits\n", "picture", info.width, info.height, NameOf(info.format),
         info.bit_depth);
  AppendSizes(&out, d);
  Append(&out, "  %-16s version %u.%u\n", "container", info.container_major, info.container_minor);
  Append(&out, "  %-16s %s, id %u, digest %06x\n", "model",
         d.model_name.empty() ? "not known here" : d.model_name.c_str(), info.model_id, info.model_digest);
  Append(&out, "  %-16s level %u + %u/256\n", "gain", info.gain_level, info.interpolation);
  AppendMemory(&out, d);
  AppendMetadata(&out, d);
  if (!d.cicp.empty()) {
    Append(&out, "  %-16s %s: %s\n", "colours", CicpText(d.cicp).c_str(), CicpName(d.cicp).c_str());
  }
  AppendSlices(&out, d);
  return out;
}

}  // namespace nic::tools
