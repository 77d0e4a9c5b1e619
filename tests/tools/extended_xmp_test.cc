#include "tools/extended_xmp.h"

#include <catch2/catch.hpp>

using namespace nic::tools;

namespace {

using Bytes = std::vector<uint8_t>;

const std::string kDigest(32, 'A');

Bytes Segment(const std::string& digest, uint32_t whole, uint32_t offset, const std::string& text) {
  Bytes bytes(digest.begin(), digest.end());
  for (const uint32_t number : {whole, offset}) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<uint8_t>(number >> shift));
  }
  bytes.insert(bytes.end(), text.begin(), text.end());
  return bytes;
}

std::string Packet(const std::string& note, const std::string& inside, const std::string& spaces = "") {
  return "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF" + spaces + " xmlns:rdf=\"r\"><rdf:Description" + note + "/>" +
         inside + "</rdf:RDF></x:xmpmeta>";
}

const std::string kNote = " xmpNote:HasExtendedXMP=\"" + kDigest + "\"";

struct Joined {
  bool ok;
  std::string text;
};

Joined Join(const std::string& packet, const std::vector<Bytes>& segments) {
  ExtendedXmp extended;
  for (const Bytes& segment : segments) extended.Add(segment);
  Bytes bytes(packet.begin(), packet.end());
  const bool ok = extended.JoinTo(&bytes);
  return {ok, {bytes.begin(), bytes.end()}};
}

}  // namespace

TEST_CASE("pieces in any order join the packet that names them") {
  const std::string text = Packet(" a=\"1\"", "<b/>");
  const auto whole = static_cast<uint32_t>(text.size());
  const Joined joined =
      Join(Packet(kNote, ""), {Segment(kDigest, whole, 20, text.substr(20)), Segment(std::string(32, 'B'), 3, 0, "abc"),
                               Segment(kDigest, whole, 0, text.substr(0, 20))});
  CHECK(joined.ok);
  CHECK(joined.text == Packet("", "<rdf:Description a=\"1\"/><b/>"));
}

TEST_CASE("the note may be an element, and name spaces come along") {
  const std::string text = Packet("", "", " xmlns:q=\"u\"");
  const std::string element = "<xmpNote:HasExtendedXMP>" + kDigest + "</xmpNote:HasExtendedXMP>";
  const std::vector<Bytes> segments = {Segment(kDigest, static_cast<uint32_t>(text.size()), 0, text)};
  CHECK(Join(Packet("", element), segments).text == Packet("", "<rdf:Description/>", " xmlns:q=\"u\""));
  CHECK(Join(Packet("", element, " xmlns:q=\"u\""), segments).text ==
        Packet("", "<rdf:Description/>", " xmlns:q=\"u\""));
  CHECK_FALSE(Join(Packet("", element, " xmlns:q=\"other\""), segments).ok);
}

TEST_CASE("what does not fit leaves the packet as it was") {
  const std::string text = Packet("", "<b/>");
  const auto whole = static_cast<uint32_t>(text.size());
  const std::string packet = Packet(kNote, "");
  const std::vector<std::vector<Bytes>> wrong = {
      {},
      {Bytes(40, 'A')},
      {Segment(kDigest, whole, 1, text.substr(1))},
      {Segment(kDigest, whole + 1, 0, text)},
      {Segment(kDigest, whole, 0, text), Segment(kDigest, whole, 5, text.substr(5))},
      {Segment(std::string(32, 'B'), whole, 0, text)},
      {Segment(kDigest, 5, 0, "<b/> ")},
      {Segment(kDigest, 10, 0, "<rdf:RDF/>")},
      {Segment(kDigest, 20, 0, "</rdf:RDF><rdf:RDF >")},
  };
  for (const std::vector<Bytes>& segments : wrong) {
    const Joined joined = Join(packet, segments);
    CHECK_FALSE(joined.ok);
    CHECK(joined.text == packet);
  }
  CHECK_FALSE(Join("", {Segment(kDigest, whole, 0, text)}).ok);
}
