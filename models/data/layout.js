// The words that can be seen, by lines: what the page is asked for after it is drawn.
(() => {
  const zoom = parseFloat(getComputedStyle(document.body).zoom) || 1;
  const styles = new Map();
  const styleOf = (element) => {
    if (!styles.has(element)) {
      const style = getComputedStyle(element);
      let block = element;
      while (getComputedStyle(block).display.startsWith("inline")) block = block.parentElement;
      styles.set(element, {
        family: style.fontFamily, size: parseFloat(style.fontSize) * zoom, block,
        hidden: style.visibility === "hidden" || parseFloat(style.opacity) === 0,
        key: [style.fontFamily, style.fontWeight, style.fontStyle].join("|"),
      });
    }
    return styles.get(element);
  };
  const blocks = new Map();
  const blockOf = (block) => (blocks.has(block) || blocks.set(block, blocks.size), blocks.get(block));
  // What is hit in the same block is a neighbour in the line or the block itself, and covers nothing; where an overflow
  // cuts the text off, what lies behind is hit.
  const shown = (element, x, y) => {
    const hit = document.elementFromPoint(x, y);
    return hit !== null && (element.contains(hit) || styleOf(hit).block === styleOf(element).block);
  };
  const wholly = (element, r) => r.left >= 0 && r.top >= 0 && r.right <= innerWidth && r.bottom <= innerHeight
    && [[1, r.height / 4], [r.width / 2, r.height / 2], [r.width - 1, r.height * 3 / 4],
        [1, r.height - 2], [r.width - 1, 2]].every(([x, y]) => shown(element, r.left + x, r.top + y));
  const partly = (element, r) => [0.02, 0.25, 0.5, 0.75, 0.98].some((x) => [0.15, 0.5, 0.85].some((y) =>
    shown(element, r.left + x * r.width, r.top + y * r.height)));
  const words = [], clipped = [], samples = new Set();
  const range = document.createRange();
  const add = (element, text, r) => {
    if (r.width < 1 || r.bottom <= 0 || r.right <= 0 || r.top >= innerHeight || r.left >= innerWidth) return;
    if (wholly(element, r)) {
      const style = styleOf(element);
      words.push([text, r.left, r.top, r.width, r.height, style.size, style.family, blockOf(style.block)]);
      const sample = style.key + /[가-힣]/.test(text);
      if (!samples.has(sample)) { samples.add(sample); element.setAttribute("data-sample", ""); }
    } else if (partly(element, r)) clipped.push([r.left, r.top, r.width, r.height]);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const element = node.parentElement;
    if (["STYLE", "SCRIPT"].includes(element.tagName) || styleOf(element).hidden) continue;
    for (const match of node.data.matchAll(/\S+/g)) {
      const [start, end] = [match.index, match.index + match[0].length];
      range.setStart(node, start);
      range.setEnd(node, end);
      const rects = [...range.getClientRects()].filter((r) => r.width > 0);
      if (rects.length === 1) { add(element, match[0], rects[0]); continue; }
      // A word that is broken over lines, or drawn in several runs: letter by letter, put together by their line.
      let text = "", box = null;
      for (let at = start; at < end; at++) {
        range.setStart(node, at);
        range.setEnd(node, at + 1);
        const r = range.getBoundingClientRect();
        if (box !== null && Math.abs(r.top - box.top) > box.height / 2) {
          add(element, text, box);
          [text, box] = ["", null];
        }
        if (box === null) box = { left: r.left, top: r.top, right: r.right, bottom: r.bottom, width: r.width, height: r.height };
        box.right = Math.max(box.right, r.right);
        box.width = box.right - box.left;
        text += node.data[at];
      }
      if (box !== null) add(element, text, box);
    }
  }
  return JSON.stringify({ words, clipped });
})()
