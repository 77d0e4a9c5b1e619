// encode_from_ppm INPUT.ppm OUTPUT.nic BYTES: encodes to at most so many bytes, through the C++ wrapper.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nic/nic.hpp>
#include <string>

namespace {

nic::Image ReadPpm(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::string kind;
  uint32_t width = 0;
  uint32_t height = 0;
  int maximum = 0;
  file >> kind >> width >> height >> maximum;
  file.get();
  if (!file || kind != "P6" || maximum != 255) throw std::runtime_error("not an 8-bit PPM");
  nic::Image image(width, height, NIC_RGB8);
  file.read(reinterpret_cast<char*>(image.pixels.data()), static_cast<std::streamsize>(image.pixels.size()));
  if (!file) throw std::runtime_error("the file ends early");
  return image;
}

void Run(const char* input, const char* output, double bytes) {
  nic::Image image = ReadPpm(input);
  nic::Context context;
  nic::Encoder encoder(context);
  encoder.Set(NIC_ENCODER_TARGET_SIZE, bytes);
  nic_encode_result result;
  const std::vector<uint8_t> coded = encoder.Encode(image.view(), &result);
  std::ofstream file(output, std::ios::binary);
  file.write(reinterpret_cast<const char*>(coded.data()), static_cast<std::streamsize>(coded.size()));
  if (!file.flush()) throw std::runtime_error("cannot write the output");
  std::cout << coded.size() << " bytes, " << result.bpp << " bits per pixel\n";
  if (result.target_missed) std::cout << "the target is out of reach; this is the nearest size\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: encode_from_ppm INPUT.ppm OUTPUT.nic BYTES\n";
    return 2;
  }
  try {
    Run(argv[1], argv[2], std::atof(argv[3]));
  } catch (const std::exception& error) {
    std::cerr << argv[1] << ": " << error.what() << "\n";
    return 1;
  }
}
