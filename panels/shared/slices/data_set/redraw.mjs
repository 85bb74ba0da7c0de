// Has the part of the page that it stands in run again, every so often, for as long as it stands there.
export default function ({ data, parentElement, setTriggerValue }) {
  parentElement.again = () => setTriggerValue("again", true);
  parentElement.timer ??= setInterval(() => {
    if (!document.hidden) parentElement.again();
  }, data.milliseconds);
  return () => {
    clearInterval(parentElement.timer);
    parentElement.timer = undefined;
  };
}
