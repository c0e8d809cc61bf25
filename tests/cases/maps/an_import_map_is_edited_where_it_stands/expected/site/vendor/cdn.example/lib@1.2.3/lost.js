export default "the second of two entries counts";
