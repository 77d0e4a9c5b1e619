// XMP packets of more than one JPEG segment: the standard packet and the extended one that it names.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace nic::tools {

class ExtendedXmp {
 public:
  // Takes what stands behind the signature of an extension segment. Segments may come in any order; ill-formed ones are
  // ignored.
  void Add(std::span<const uint8_t> segment);

  bool empty() const { return parts_.empty(); }
  // Joins the extended packet that the standard `packet` names to it, which then names none. False, and the packet as
  // it was, if a segment is missing, none is meant for this packet, or the two cannot be joined.
  bool JoinTo(std::vector<uint8_t>* packet) const;

 private:
  struct Part {
    uint32_t whole_size;
    std::map<uint32_t, std::span<const uint8_t>> pieces;  // by offset
  };

  static bool Assemble(const Part& part, std::string* text);

  std::map<std::string, Part> parts_;  // by digest, which is their name
};

}  // namespace nic::tools
