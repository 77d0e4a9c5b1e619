#include "nicbench/source.h"

#include "nicbench/picture_file.h"

namespace nic::bench {

tools::Outcome LoadSource(const std::string& path, const std::string& folder, Source* source) {
  source->name = StemOf(path);
  source->pnm_path = folder + "/source.pnm";
  source->png_path = folder + "/source.png";
  NIC_TOOLS_RETURN_IF_FAILED(ReadPictureFile(path, &source->picture));
  NIC_TOOLS_RETURN_IF_FAILED(WritePictureFile(source->pnm_path, source->picture));
  return WritePictureFile(source->png_path, source->picture);
}

}  // namespace nic::bench
