/** Keeps the page as high as what is visible, so that the composer stays above a phone's keyboard. */
export function followViewport() {
  const { visualViewport } = window;
  if (!visualViewport) return;
  const root = document.documentElement;
  const fit = () => {
    if (visualViewport.scale > 1.01) return; // zoomed in by the reader, not by the keyboard
    root.style.setProperty('--viewport-height', `${visualViewport.height}px`);
    root.style.setProperty('--viewport-top', `${visualViewport.offsetTop}px`);
  };
  visualViewport.addEventListener('resize', fit);
  visualViewport.addEventListener('scroll', fit);
  fit();
}
