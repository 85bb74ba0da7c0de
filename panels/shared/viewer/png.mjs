// A comment in a PNG file: what says that a slice is simulated stays with the file. Pure functions.

export function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

// The PNG file with an iTXt chunk "Comment" after its header, which takes 33 bytes.
export function withComment(png, text) {
  if (!text) return png;
  const content = new TextEncoder().encode(`iTXtComment\0\0\0\0\0${text}`);
  const chunk = new Uint8Array(content.length + 8);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, content.length - 4);
  chunk.set(content, 4);
  view.setUint32(content.length + 4, crc32(content));
  const file = new Uint8Array(png.length + chunk.length);
  file.set(png.subarray(0, 33));
  file.set(chunk, 33);
  file.set(png.subarray(33), 33 + chunk.length);
  return file;
}
