// Other codecs, measured through their own programs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nicbench/codec.h"
#include "nicbench/launcher.h"

namespace nic::bench {

// The program and its arguments. {pnm} and {png} stand for the source, {in} and {out} for the other file, {rate} for
// the rate parameter, {threads} for their number, {workers} for that number or 0 instead of 1, and {mt} for -mt with
// more than one thread and for nothing with one.
using Command = std::vector<std::string>;

// Splits a text at its spaces.
Command MakeCommand(const std::string& text);

// How a codec's programs are called.
struct ProgramDescription {
  std::string name;
  std::string package;  // Debian's, that brings the programs
  Command encode;
  Command decode;
  Command version;        // prints the version
  std::string extension;  // of the coded file
  std::string output;     // extension of the decoded file: png, ppm or pnm
  Knob knob;
  std::vector<double> rates;
  int decimals = 0;  // of the rate parameter

  const std::string& encoder() const { return encode.front(); }
  const std::string& decoder() const { return decode.front(); }
  // True if both programs are there.
  bool installed() const { return IsInstalled(encoder()) && IsInstalled(decoder()); }
  bool encodes_threaded() const { return TakesThreads(encode); }
  bool decodes_threaded() const { return TakesThreads(decode); }

 private:
  static bool TakesThreads(const Command& command);
};

// JPEG, WebP, JPEG 2000, AVIF, JPEG XL and HEIC, in this order.
const std::vector<ProgramDescription>& KnownPrograms();

class ProgramCodec : public Codec {
 public:
  // `description` and `launcher` must outlive the codec. `threads` from 1.
  ProgramCodec(const ProgramDescription& description, Launcher* launcher, int threads);

  std::string Label(double rate) const override;
  tools::Outcome Encode(const Source& source, double rate, Coded* coded) override;
  tools::Outcome Decode(const Coded& coded, tools::Picture* picture, double* seconds) override;

  // What the program took of the last Encode or Decode.
  const Usage& usage() const { return usage_; }

 private:
  tools::Outcome RunCommand(const Command& command, const Source* source, double rate, const std::string& in,
                            const std::string& out);
  std::string FindVersion();

  const ProgramDescription& description_;
  Launcher* launcher_;
  Command encode_;
  Command decode_;
  Usage usage_;
};

}  // namespace nic::bench
