#include "tools/extended_xmp.h"

#include <string_view>

namespace nic::tools {
namespace {

constexpr size_t kDigestSize = 32;
constexpr std::string_view kBegin = "<rdf:RDF";
constexpr std::string_view kEnd = "</rdf:RDF>";
constexpr std::string_view kSpace = " \t\r\n";

uint32_t Get32(std::span<const uint8_t> bytes, size_t at) {
  return uint32_t{bytes[at]} << 24 | uint32_t{bytes[at + 1]} << 16 | uint32_t{bytes[at + 2]} << 8 | bytes[at + 3];
}

// Takes the property that names the extended packet out, be it an attribute or an element. False if there is none of
// that value.
bool RemoveNote(const std::string& digest, std::string* text) {
  for (const char quote : {'"', '\''}) {
    const std::string attribute = std::string("xmpNote:HasExtendedXMP=") + quote + digest + quote;
    size_t at = text->find(attribute);
    if (at == std::string::npos) continue;
    size_t size = attribute.size();
    while (at > 0 && kSpace.find((*text)[at - 1]) != kSpace.npos) --at, ++size;
    text->erase(at, size);
    return true;
  }
  const std::string element = "<xmpNote:HasExtendedXMP>" + digest + "</xmpNote:HasExtendedXMP>";
  const size_t at = text->find(element);
  if (at == std::string::npos) return false;
  text->erase(at, element.size());
  return true;
}

// The name spaces that start tags of `text` before `end` declare: prefix to quoted name. Those that every packet
// declares itself are left out.
std::map<std::string, std::string> NameSpaces(std::string_view text, size_t end) {
  constexpr std::string_view kDeclaration = "xmlns:";
  std::map<std::string, std::string> found;
  for (size_t at = text.find(kDeclaration); at < end; at = text.find(kDeclaration, at + 1)) {
    const size_t name = at + kDeclaration.size();
    const size_t equals = text.find('=', name);
    if (equals == text.npos || equals + 1 >= text.size()) break;
    const size_t close = text.find(text[equals + 1], equals + 2);
    if (close == text.npos) break;
    const std::string prefix(text.substr(name, equals - name));
    if (prefix != "x" && prefix != "rdf") found[prefix] = text.substr(equals + 1, close - equals);
  }
  return found;
}

// Where the start tag of the descriptions begins and ends, and where they end.
struct Place {
  size_t tag;
  size_t begin;
  size_t end;
};

bool FindDescriptions(std::string_view text, Place* place) {
  place->tag = text.find(kBegin);
  if (place->tag == text.npos) return false;
  place->begin = text.find('>', place->tag);
  place->end = text.rfind(kEnd);
  if (place->begin == text.npos || place->end == text.npos || place->end < ++place->begin) return false;
  return text[place->begin - 2] != '/';
}

// The descriptions of `extension` behind those of `text`.
bool Join(const std::string& extension, std::string* text) {
  Place from, to;
  if (!FindDescriptions(extension, &from) || !FindDescriptions(*text, &to)) return false;
  text->insert(to.end, extension, from.begin, from.end - from.begin);
  const auto present = NameSpaces(*text, to.begin);
  for (const auto& [prefix, name] : NameSpaces(extension, from.begin)) {
    const auto same = present.find(prefix);
    if (same == present.end()) {
      text->insert(to.tag + kBegin.size(), " xmlns:" + prefix + "=" + name);
    } else if (same->second != name) {
      return false;
    }
  }
  return true;
}

}  // namespace

void ExtendedXmp::Add(std::span<const uint8_t> segment) {
  constexpr size_t kHead = kDigestSize + 8;
  if (segment.size() <= kHead) return;
  const std::string digest(segment.begin(), segment.begin() + kDigestSize);
  Part& part = parts_[digest];
  part.whole_size = Get32(segment, kDigestSize);
  part.pieces[Get32(segment, kDigestSize + 4)] = segment.subspan(kHead);
}

bool ExtendedXmp::Assemble(const Part& part, std::string* text) {
  for (const auto& [offset, piece] : part.pieces) {
    if (offset != text->size()) return false;
    text->append(piece.begin(), piece.end());
  }
  return text->size() == part.whole_size;
}

bool ExtendedXmp::JoinTo(std::vector<uint8_t>* packet) const {
  for (const auto& [digest, part] : parts_) {
    std::string text(packet->begin(), packet->end());
    std::string extension;
    if (!RemoveNote(digest, &text) || !Assemble(part, &extension) || !Join(extension, &text)) continue;
    packet->assign(text.begin(), text.end());
    return true;
  }
  return false;
}

}  // namespace nic::tools
