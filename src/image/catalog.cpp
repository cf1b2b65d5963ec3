// Sizes and checksums: the published MD5s were checked, and the SHA-256s taken from files that have them.
#include "image/catalog.h"

#include "base/error.h"

namespace obscura::image {
namespace {

CatalogEntry mnist() {
  const std::vector<CatalogFile> files = {
      {"train-images-idx3-ubyte.gz", 9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"},
      {"train-labels-idx1-ubyte.gz", 28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
      {"t10k-images-idx3-ubyte.gz", 1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
      {"t10k-labels-idx1-ubyte.gz", 4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"}};
  return {"mnist",
          "Y. LeCun, C. Cortes, C. Burges; CC BY-SA 3.0",
          {"https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"},
          files,
          files};
}

CatalogEntry fashion_mnist() {
  const std::vector<CatalogFile> files = {
      {"train-images-idx3-ubyte.gz", 26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"},
      {"train-labels-idx1-ubyte.gz", 29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"},
      {"t10k-images-idx3-ubyte.gz", 4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"},
      {"t10k-labels-idx1-ubyte.gz", 5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"}};
  return {"fashion-mnist",
          "Zalando SE; MIT",
          {"https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
           "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"},
          files,
          files};
}

CatalogEntry kmnist() {
  const std::vector<CatalogFile> files = {
      {"train-images-idx3-ubyte.gz", 18165135, "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"},
      {"train-labels-idx1-ubyte.gz", 29497, "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"},
      {"t10k-images-idx3-ubyte.gz", 3041136, "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"},
      {"t10k-labels-idx1-ubyte.gz", 5120, "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"}};
  return {"kmnist",
          "\"KMNIST Dataset\" (created by CODH), adapted from \"Kuzushiji Dataset\" (created by NIJL and others), "
          "doi:10.20676/00000341; CC BY-SA 4.0",
          {"https://codh.rois.ac.jp/kmnist/dataset/kmnist/"},
          files,
          files};
}

CatalogEntry cifar10() {
  constexpr std::uint64_t kBatchBytes = 30730000;
  return {"cifar-10",
          "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009; research use",
          {"https://www.cs.toronto.edu/~kriz/", "https://cave.cs.toronto.edu/kriz/"},
          {{"cifar-10-binary.tar.gz", 170052171, "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"}},
          {{"data_batch_1.bin", kBatchBytes, "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"},
           {"data_batch_2.bin", kBatchBytes, "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"},
           {"data_batch_3.bin", kBatchBytes, "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"},
           {"data_batch_4.bin", kBatchBytes, "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"},
           {"data_batch_5.bin", kBatchBytes, "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"},
           {"test_batch.bin", kBatchBytes, "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"}}};
}

CatalogEntry neu() {
  return {"neu-cls", "K. Song, Y. Yan, Applied Surface Science 285 (2013) 858-864; research use", {}, {}, {}};
}

}  // namespace

const CatalogEntry& catalog_entry(const std::string& name) {
  static const std::vector<CatalogEntry> entries = {mnist(), fashion_mnist(), kmnist(), cifar10(), neu()};
  for (const CatalogEntry& entry : entries) {
    if (entry.name == name) return entry;
  }
  if (name == "samples") throw UsageError("the samples are drawn by this program: there is nothing to fetch or check");
  if (name.starts_with("neu-cls-")) throw UsageError(name + " is another division of neu-cls: fetch or check neu-cls");
  if (name == "kmnist-split") throw UsageError("kmnist-split is made of kmnist's test images: fetch or check kmnist");
  throw UsageError("there is no data set '" + name +
                   "' to fetch or check; there are mnist, fashion-mnist, kmnist, cifar-10 and neu-cls");
}

}  // namespace obscura::image
